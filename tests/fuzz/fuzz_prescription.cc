// Prescriptions in one string, and the fields of one: read twice, they are the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/regimen.h"
#include "shared/check.h"
#include "worker/prescription.h"
#include "worker/text_clean.h"

namespace {

std::string Joined(const consilium::Medication& m) {
  std::string all;
  for (const std::string* field :
       {&m.ingredient, &m.dose, &m.unit, &m.route, &m.frequency, &m.duration, &m.indication}) {
    all += *field + '\n';
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT: the entry point is global
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  // Fields of a reply are clean and trimmed.
  Medication m;
  std::string* const fields[] = {&m.ingredient, &m.dose,     &m.unit,      &m.route,
                                 &m.frequency,  &m.duration, &m.indication};
  std::size_t at = 0;
  for (std::string* field : fields) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    *field = std::string(Trimmed(CleanText(text.substr(at, end - at), /*lines=*/false)));
    at = std::min(end + 1, text.size());
  }
  const bool named = !m.ingredient.empty();
  TidyMedication(m);
  CHECK(m.ingredient.empty() != named, "a name is neither lost nor made up");
  const std::string once = Joined(m);
  TidyMedication(m);
  CHECK(Joined(m) == once, "what is in one form stays as it is");
  for (const auto& stated :
       {StatedDose(m), StatedRoute(m), StatedFrequency(m), StatedDuration(m)}) {
    CHECK(stated.text.empty() == stated.key.empty(), "what is stated can be compared");
  }

  const std::vector<std::string> parts = SplitPrescriptions(text);
  CHECK(!parts.empty(), "a text has parts");
  if (parts.size() > 1) {
    for (const std::string& part : parts) {
      const auto read = ReadPrescription(part);
      CHECK(read && !read->dose.empty(), "a part is a prescription");
      CHECK(SplitPrescriptions(part).size() == 1, "and has no parts itself");
    }
  }
  return 0;
}
