// codec.h for backend_check.h.
#include "shared/backend_check.h"
#include "shared/fields.h"

namespace consilium {

template <class A>
void Fields(A& a, Of<A, BackendCheck> v) {
  a.Must("model", v.model);
  a.Must("provider", v.provider);
  a.Must("simulated", v.simulated);
  a.Must("status", v.status);
  a.Must("code", v.code);
  a.Must("text", v.text);
  a.Must("advice", v.advice);
  a.Must("latency_ms", v.latency_ms);
  a.Must("model_asked", v.model_asked);
  a.Must("model_served", v.model_served);
  a.Must("parameters", v.parameters);
  a.Must("usage", v.usage);
  a.Must("priced", v.priced);
  a.Must("limits", v.limits);
  a.Must("limits_kept", v.limits_kept);
  a.Must("prompts", v.prompts);
  a.Must("generate_hash", v.generate_hash);
  a.Must("review_hash", v.review_hash);
  a.Must("warnings", v.warnings);
}

CONSILIUM_CODEC(BackendCheck)

}  // namespace consilium
