#include <gtest/gtest.h>

#include "shared/html/pieces.h"
#include "tests/support/xml_check.h"

namespace consilium::html {
namespace {

TEST(HtmlPiecesTest, NoTextBecomesMarkup) {
  EXPECT_EQ(Escaped("<b a='\"'>&</b>"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;&lt;/b&gt;");
  EXPECT_EQ(Element("p", "</p><p>"), "<p>&lt;/p&gt;&lt;p&gt;</p>\n");
}

TEST(HtmlPiecesTest, WhatXmlCannotWriteAndWhatReordersOthersIsReplaced) {
  EXPECT_EQ(Escaped("a\x01\x7f\xff z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD z");
  EXPECT_EQ(Escaped("5\xE2\x80\xAE"
                    "00\xE2\x81\xA9"),
            "5\xEF\xBF\xBD"
            "00\xEF\xBF\xBD");
  EXPECT_EQ(Escaped("\xE2\x80\x8F\xE2\x80\xAF\xE2\x81\xAA \xC3\xA4"),
            "\xE2\x80\x8F\xE2\x80\xAF\xE2\x81\xAA \xC3\xA4")
      << "what stands beside them in Unicode stays";
}

TEST(HtmlPiecesTest, LinesStayLines) {
  EXPECT_EQ(EscapedLines("a\tb\r\nc<\n\nd\re"), "a b<br/>\nc&lt;<br/>\n<br/>\nd<br/>\ne");
  EXPECT_EQ(EscapedLines(""), "");
  EXPECT_EQ(EscapedLines("a\n"), "a<br/>\n");
}

TEST(HtmlPiecesTest, ADocumentIsWellFormedAndRefreshesOnlyWhereItShould) {
  Head head;
  head.title = "A & B";
  head.style = "p{margin:0}\n";
  const auto still = ReadXml(Document(head, "<p>x</p>\n"));
  ASSERT_TRUE(still.ok()) << still.error().text;
  EXPECT_EQ(Named(*still, "title").at(0)->text, "A & B");
  for (const XmlElement* meta : Named(*still, "meta")) {
    EXPECT_EQ(meta->Attribute("http-equiv"), "");
  }
  head.refresh_seconds = 2;
  head.policy = "default-src 'none'";
  const std::string text = Document(head, "");
  EXPECT_NE(text.find("<meta http-equiv=\"refresh\" content=\"2\"/>"), std::string::npos) << text;
  EXPECT_NE(
      text.find("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"/>"),
      std::string::npos)
      << text;
}

}  // namespace
}  // namespace consilium::html
