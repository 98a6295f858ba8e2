// Notes: DocumentReference and Composition, attachments, markup.
#include <gtest/gtest.h>

#include "gateway/fhir/attachment.h"
#include "gateway/fhir/markup_text.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/resource_reader.h"
#include "tests/unit/fhir/fhir_fixture.h"

namespace consilium {
namespace {

// "note; remarks; needs a human"
std::string NoteOf(const std::string& type, const std::string& members) {
  const FhirRecordReading reading = ReadOne(type, members);
  std::string text;
  for (const FhirIssue& issue : reading.issues) text += LineOf(issue) + "\n";
  for (const Note& note : reading.record.notes) text += LineOf(note) + "\n";
  for (const std::string& remark : LinesOf(reading.remarks)) text += remark + "\n";
  if (NeedsHuman(reading.record)) text += "needs a human\n";
  return text;
}
std::string Document(const std::string& attachment, const std::string& more = "") {
  return NoteOf("DocumentReference", R"("status":"current",)" + more +
                                         R"("content":[{"attachment":{)" + attachment + "}}]");
}
constexpr char kHello[] = R"("contentType":"text/plain","data":"SGVsbG8=")";

TEST(FhirDocumentTest, PlainTextIsRead) {
  EXPECT_EQ(Document(kHello, R"("date":"2026-11-28T10:00:00Z","description":"Visit",)"),
            "new|DocumentReference/x||Visit|2026-11-28T10:00:00Z|Hello\n");
}

TEST(FhirDocumentTest, CharsetOfTheTypeIsHeeded) {
  EXPECT_EQ(Document(R"("contentType":"text/plain; charset=\"ISO-8859-1\"","data":"NSC1Zw==")"),
            "new|DocumentReference/x||||5 \xC2\xB5g\n");
  EXPECT_EQ(
      Document(R"("contentType":"text/plain","data":"NSC1Zw==")"),
      "new|DocumentReference/x||||5 \xEF\xBF\xBDg\n"
      "charset_doubt DocumentReference.content[0].attachment.data: has bytes that are no text "
      "in its character set\n");
  EXPECT_EQ(Document(R"("contentType":"text/plain; charset=utf-16","data":"SGVsbG8=")"),
            "new|DocumentReference/x||||\n"
            "unreadable_note DocumentReference.content[0].attachment.contentType: a character set "
            "that is not read, expected UTF-8, US-ASCII, ISO-8859-1 or windows-1252\n"
            "unreadable_note DocumentReference.content: no text in it, expected an attachment with "
            "data of text/plain or text/html: a person has to look\nneeds a human\n");
}

TEST(FhirDocumentTest, WhatIsNoTextNeedsAHuman) {
  const std::string wanted =
      "new|DocumentReference/x||||\n"
      "unreadable_note DocumentReference.content: no text in it, expected an attachment with data "
      "of text/plain or text/html: a person has to look\nneeds a human\n";
  EXPECT_EQ(Document(R"("contentType":"application/pdf","data":"JVBERi0=")"), wanted);
  EXPECT_EQ(Document(R"("contentType":"text/rtf","data":"e1xydGY=")"), wanted);
  EXPECT_EQ(Document(R"("contentType":"image/png","data":"iVBO")"), wanted);
  EXPECT_EQ(Document(R"("contentType":"text/plain","url":"https://ehr/Binary/1")"), wanted);
  EXPECT_EQ(Document(R"("data":"SGVsbG8=")"), wanted) << "the type is not guessed";
}

TEST(FhirDocumentTest, PlainestOfSeveralFormsIsRead) {
  EXPECT_EQ(NoteOf("DocumentReference",
                   R"("status":"current","content":[
              {"attachment":{"contentType":"application/pdf","data":"JVBERi0="}},
              {"attachment":{"contentType":"text/html","data":"PGI+SGk8L2I+"}}])"),
            "new|DocumentReference/x||||Hi\n");
}

TEST(FhirDocumentTest, EmptyTextIsARemarkAndNoHuman) {
  EXPECT_EQ(Document(R"("contentType":"text/plain","data":"ICAg")"),
            "status|DocumentReference/x||||\n"
            "empty_note DocumentReference.content: the text is empty\n");
}

TEST(FhirDocumentTest, DataThatIsNotBase64IsRefused) {
  EXPECT_EQ(Document(R"("contentType":"text/plain","data":"SGVsbG8")"),
            "error value DocumentReference.content[0].attachment.data: expected base64\n");
}

TEST(FhirDocumentTest, RelationSaysWhatItDoesToTheOther) {
  const auto relates = [](const char* code, const char* target) {
    return Document(kHello, std::string(R"("relatesTo":[{"code":")") + code + R"(","target":)" +
                                target + "}],");
  };
  EXPECT_EQ(relates("replaces", R"({"reference":"DocumentReference/old"})"),
            "replace|DocumentReference/x|DocumentReference/old|||Hello\n");
  EXPECT_EQ(relates("replaces", R"({"reference":"https://ehr/DocumentReference/old/_history/2"})"),
            "replace|DocumentReference/x|DocumentReference/old|||Hello\n");
  EXPECT_EQ(relates("appends", R"({"identifier":{"system":"urn:d","value":"7"}})"),
            "addendum|DocumentReference/x|urn:d|7|||Hello\n");
  EXPECT_EQ(relates("signs", R"({"reference":"DocumentReference/old"})"),
            "new|DocumentReference/x||||Hello\n");
  EXPECT_EQ(relates("eats", R"({"reference":"DocumentReference/old"})"),
            "error code-invalid DocumentReference.relatesTo[0].code: \"eats\", expected one of: "
            "replaces, transforms, signs, appends\n");
}

TEST(FhirDocumentTest, StatusRetractsSupersedesOrAmends) {
  EXPECT_EQ(Document(kHello, R"("docStatus":"entered-in-error",)"),
            "retract|DocumentReference/x||||\n");
  EXPECT_EQ(Document(kHello, R"("docStatus":"amended",)"),
            "replace|DocumentReference/x||||Hello\n");
  const auto status = [](const char* code) {
    return NoteOf("DocumentReference", std::string(R"("status":")") + code +
                                           R"(","content":[{"attachment":{)" + kHello + "}}]");
  };
  EXPECT_EQ(status("entered-in-error"), "retract|DocumentReference/x||||\n");
  EXPECT_EQ(status("superseded"), "retract|DocumentReference/x||||\n");
}

TEST(FhirCompositionTest, SectionsBecomeReadableText) {
  EXPECT_EQ(NoteOf("Composition",
                   R"("status":"final","type":{"text":"Discharge"},"title":"Discharge letter",
      "date":"2026-11-28","section":[
       {"title":"History","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Fever &amp; cough.</p><p>BP 120&#x2F;80</p></div>"}},
       {"title":"Plan","section":[{"code":{"text":"Drugs"},"text":{"status":"generated","div":"<div><ul><li>A</li><li>B</li></ul></div>"}}]},
       {"title":"Allergies","emptyReason":{"text":"Nil Known"}},
       {"title":"Nothing"}])"),
            "new|Composition/x||Discharge letter|2026-11-28|History\nFever & cough.\nBP 120/80\n\n"
            "Plan\nDrugs\n- A\n- B\n\nAllergies\n(empty: Nil Known)\n");
}

TEST(FhirCompositionTest, RetractsReplacesAndSaysWhenItIsEmpty) {
  const std::string head = R"("type":{"text":"T"},"title":"T",)";
  EXPECT_EQ(NoteOf("Composition", head + R"("status":"entered-in-error")"),
            "retract|Composition/x||T||\n");
  EXPECT_EQ(
      NoteOf("Composition", head + R"("status":"final","section":[{"text":{"div":"<div>x</div>"}}],
      "relatesTo":[{"code":"replaces","targetIdentifier":{"system":"urn:d","value":"7"}}])"),
      "replace|Composition/x|urn:d|7|T||x\n");
  EXPECT_EQ(NoteOf("Composition", head + R"("status":"final")"),
            "status|Composition/x||T||\nempty_note Composition.section: no section has a text\n");
  EXPECT_EQ(
      NoteOf("Composition", R"("status":"final")"),
      "error required Composition.type: missing\nerror required Composition.title: missing\n");
}

// "names, names it may share <names of what it replaces", of the only note.
std::string NamesOf(const Note& note) {
  std::string line = note.document;
  for (const std::string& name : note.also) line += " " + name;
  line += ",";
  for (const std::string& name : note.shared) line += " " + name;
  line += " <" + note.parent;
  for (const std::string& name : note.parent_also) line += " " + name;
  return line;
}
std::string NamesIn(const std::string& bundle) {
  const FhirBundleReading reading = ReadBundle(bundle);
  for (const FhirIssue& issue : reading.issues) ADD_FAILURE() << LineOf(issue);
  if (!reading.message) return "";
  const auto& notes = reading.message->records.at(0).notes;
  return notes.size() == 1 ? NamesOf(notes[0]) : std::to_string(notes.size()) + " notes";
}
constexpr char kPatientEntry[] = R"({"resource":{"resourceType":"Patient","id":"1"}})";
constexpr char kSubject[] = R"("subject":{"reference":"Patient/1"},)";
std::string DocumentEntry(const std::string& members, const std::string& entry = "") {
  return R"({"resource":{"resourceType":"DocumentReference","id":"d","status":"current",)" +
         (kSubject + members) + R"("content":[{"attachment":{)" + kHello + "}}]}" + entry + "}";
}
std::string CompositionEntry(const std::string& members) {
  return R"({"resource":{"resourceType":"Composition","id":"c","status":"final","title":"T",)" +
         (kSubject + members) +
         R"("type":{"text":"T"},"section":[{"text":{"div":"<div>x</div>"}}]}})";
}
std::string BundleOf(const std::string& type, const std::string& more,
                     const std::vector<std::string>& entries) {
  std::string json = R"({"resourceType":"Bundle","type":")" + type + "\"," + more + "\"entry\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) json += (i > 0 ? "," : "") + entries[i];
  return json + "]}";
}

TEST(FhirDocumentNamesTest, ADocumentHasItsIdAndItsIdentifiersByEveryRoute) {
  const std::string ids = R"("masterIdentifier":{"system":"urn:m","value":"7"},
      "identifier":[{"system":"urn:o","value":"1"},{"value":"9"}],)";
  const std::string wanted = "DocumentReference/d urn:m|7, urn:o|1 |9 <";
  EXPECT_EQ(NamesIn(BundleOf("collection", "", {kPatientEntry, DocumentEntry(ids)})), wanted);
  const std::string put =
      R"(,"fullUrl":"urn:uuid:0","request":{"method":"PUT","url":"DocumentReference/d"})";
  const std::string patient =
      R"({"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}})";
  EXPECT_EQ(NamesIn(BundleOf("transaction", "", {patient, DocumentEntry(ids, put)})), wanted);
  const FhirRecordReading alone =
      ReadOne("DocumentReference",
              R"("status":"current",)" + ids + R"("content":[{"attachment":{)" + kHello + "}}]");
  EXPECT_EQ(NamesOf(alone.record.notes.at(0)), "DocumentReference/x urn:m|7, urn:o|1 |9 <");
  // The id of an entry that is posted is made up.
  const std::string post =
      R"(,"fullUrl":"urn:uuid:0","request":{"method":"POST","url":"DocumentReference"})";
  EXPECT_EQ(NamesIn(BundleOf("transaction", "", {patient, DocumentEntry(ids, post)})),
            "urn:m|7, urn:o|1 |9 <");
}

TEST(FhirDocumentNamesTest, ACompositionIsKnownByItsBundleToo) {
  const std::string own = R"("identifier":{"system":"urn:c","value":"3"},)";
  EXPECT_EQ(NamesIn(BundleOf("document", R"("identifier":{"system":"urn:m","value":"7"},)",
                             {CompositionEntry(own), kPatientEntry})),
            "Composition/c urn:c|3 urn:m|7, <");
  // The identifier of another Bundle is that of the message.
  EXPECT_EQ(NamesIn(BundleOf("collection", R"("identifier":{"system":"urn:m","value":"7"},)",
                             {CompositionEntry(own), kPatientEntry})),
            "Composition/c urn:c|3, <");
}

TEST(FhirDocumentNamesTest, TheReplacedOneHasEveryNameThatIsStatedOfIt) {
  const auto replaces = [](const char* target) {
    return NamesIn(BundleOf(
        "collection", "",
        {kPatientEntry, DocumentEntry(std::string(R"("relatesTo":[{"code":"replaces","target":)") +
                                      target + "}],")}));
  };
  EXPECT_EQ(replaces(R"({"identifier":{"system":"urn:m","value":"7"}})"),
            "DocumentReference/d, <urn:m|7");
  EXPECT_EQ(replaces(R"({"reference":"DocumentReference/old",
                         "identifier":{"system":"urn:m","value":"7"}})"),
            "DocumentReference/d, <DocumentReference/old urn:m|7");
  EXPECT_EQ(replaces(R"({"reference":"DocumentReference?identifier=urn:m|7"})"),
            "DocumentReference/d, <urn:m|7");
  EXPECT_EQ(replaces(R"({"reference":"urn:uuid:0c3"})"),
            "DocumentReference/d, <urn:uuid:0c3 urn:ietf:rfc:3986|urn:uuid:0c3");
  EXPECT_EQ(NamesIn(BundleOf("collection", "", {kPatientEntry, CompositionEntry(R"("relatesTo":[
          {"code":"replaces","targetIdentifier":{"system":"urn:c","value":"2"}},
          {"code":"replaces","targetReference":{"reference":"Composition/b"}}],)")})),
            "Composition/c, <urn:c|2 Composition/b");
}

TEST(FhirDocumentNamesTest, ManyIdentifiersAreCut) {
  std::string ids = R"("identifier":[)";
  for (int i = 0; i < 100; ++i) {
    ids += (i > 0 ? "," : "") + (R"({"system":"urn:o","value":")" + std::to_string(i)) + "\"}";
  }
  const FhirBundleReading reading =
      ReadBundle(BundleOf("collection", "", {kPatientEntry, DocumentEntry(ids + "],")}));
  EXPECT_EQ(reading.message->records[0].notes[0].shared.size(), kFhirNamesMax - 1);
}

TEST(MarkupTextTest, ReadsLikeWhatAPersonSees) {
  EXPECT_EQ(MarkupText("<table><tr><th>Drug</th><th>Dose</th></tr><tr><td>A</td><td>5&nbsp;mg</"
                       "td></tr></table>"),
            "Drug | Dose\nA | 5 mg");
  EXPECT_EQ(MarkupText("a<br/>b<BR>c"), "a\nb\nc");
  EXPECT_EQ(MarkupText(
                "<p>a\n  b</p> <!-- <p>no</p> --><script>alert('<p>')</script><style>p{}</style>c"),
            "a b\nc");
  EXPECT_EQ(MarkupText("<pre>a\nb</pre>"), "a\nb");
  EXPECT_EQ(MarkupText("<![CDATA[x < y]]>"), "x < y");
  EXPECT_EQ(MarkupText("<xhtml:p title='a > b'>x</xhtml:p>y"), "x\ny");
}

TEST(MarkupTextTest, WhatIsNoMarkupStaysText) {
  EXPECT_EQ(MarkupText("K < 3.5 and Na > 120"), "K < 3.5 and Na > 120");
  EXPECT_EQ(MarkupText("a & b &unknown; &#0; &#xD800; &#99999999;"),
            "a & b &unknown; &#0; &#xD800; &#99999999;");
  EXPECT_EQ(MarkupText("5&micro;g &#181; &#xb5;"), "5\xC2\xB5g \xC2\xB5 \xC2\xB5");
  EXPECT_EQ(MarkupText("<"), "<");
  EXPECT_EQ(MarkupText("x<b"), "x<b");
  EXPECT_EQ(MarkupText("<p>T <b 38 C</p><p>BP 'low</p>"), "T <b 38 C\nBP 'low");
  EXPECT_EQ(MarkupText("a<a title=\"b>c"), "a<a title=\"b>c");
  EXPECT_EQ(MarkupText("a<!-- b <i>c</i>"), "a<!-- b c");
  EXPECT_EQ(MarkupText("<html><head><title>x</title><body>a<script>b <p>c"), "ab\nc");
  EXPECT_EQ(MarkupText(""), "");
}

TEST(Base64Test, IsStrict) {
  EXPECT_EQ(DecodeBase64("SGVsbG8="), "Hello");
  EXPECT_EQ(DecodeBase64("SGVs\r\nbG8h"), "Hello!");
  EXPECT_EQ(DecodeBase64(""), "");
  for (const char* bad : {"SGVsbG8", "SGVsbG9=", "SGV=bG8=", "====", "SGVs!G8=", "S===", "SG-_"}) {
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace consilium
