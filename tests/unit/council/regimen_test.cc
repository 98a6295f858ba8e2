#include "aggregator/council/regimen.h"

#include <gtest/gtest.h>

#include "aggregator/council/regimen_words.h"

namespace consilium {
namespace {

struct Case {
  const char* written;
  const char* plain;  // "" = not understood
};

std::string AmountOf(std::string_view text) {
  const auto amount = ReadAmount(text);
  return amount ? amount->dose + "|" + amount->unit : "";
}

TEST(RegimenTest, AmountsAreANumberAndAUnit) {
  const Case cases[] = {
      {"500 mg", "500|mg"},
      {"500mg", "500|mg"},
      {"500 MG.", "500|mg"},
      {"1,000 mg", "1000|mg"},
      {"12,500,000 units", "12500000|units"},
      {"5-10 mg", "5-10|mg"},
      {"5–10 mg", "5-10|mg"},
      {"5 - 10 mg", "5-10|mg"},
      {"0.5 to 1 mg", "0.5-1|mg"},
      {"5 mg to 10 mg", "5-10|mg"},
      {"5mg-10mg", "5-10|mg"},
      {"875/125 mg", "875/125|mg"},
      {"10 mg/kg", "10|mg/kg"},
      {"10 mg per kg per day", "10|mg/kg/day"},
      {"15 mg/kg/d", "15|mg/kg/day"},
      {"0.1 mcg/kg/min", "0.1|mcg/kg/min"},
      {"160 mg/5 mL", "160|mg/5 mL"},
      {"2 puffs", "2|puffs"},
      {"1 puffs", "1|puff"},
      {"1 tab", "1|tablet"},
      {"40 units", "40|units"},
      {"2 million units", "2|million units"},
      {"1000 IU", "1000|IU"},
      {"1000 i.u.", "1000|IU"},
      {"50 µg", "50|mcg"},
      {"50 μg", "50|mcg"},
      {"50 ug", "50|mcg"},
      {"50 micrograms", "50|mcg"},
      {"1 gram", "1|g"},
      {"2 gm", "2|g"},
      {"5 ml", "5|mL"},
      {"0.9 %", "0.9|%"},
      // As written: a lost or a stray point is a tenfold or a thousandfold error.
      {"1.0 mg", "1.0|mg"},
      {"1.000 mg", "1.000|mg"},
      {".5 mg", ".5|mg"},
  };
  for (const Case& c : cases) EXPECT_EQ(AmountOf(c.written), c.plain) << c.written;
}

TEST(RegimenTest, AmountsWithTwoReadingsAreNotRead) {
  for (const char* text :
       {"1,5 mg",       "0,500 mg", "1,00 mg",      "1,0000 mg", "1.000,5 mg", "1·5 mg", "1·000 mg",
        "10U",          "10 U",     "4 u",          "5 cc",      "500",        "mg",     "five mg",
        "500 mg daily", "1.2.3 mg", "5 mg to 10 g", "10 gr",     "5 mg/",      ""}) {
    EXPECT_EQ(AmountOf(text), "") << text;
  }
}

TEST(RegimenTest, RoutesHaveOneForm) {
  const Case cases[] = {{"po", "oral"},
                        {"P.O.", "oral"},
                        {"by mouth", "oral"},
                        {"Orally", "oral"},
                        {"per os", "oral"},
                        {"oral (PO)", "oral"},
                        {"PO (by mouth)", "oral"},
                        {"IV", "intravenous"},
                        {"i.v.", "intravenous"},
                        {"intravenously", "intravenous"},
                        {"IM", "intramuscular"},
                        {"SubQ", "subcutaneous"},
                        {"s.c.", "subcutaneous"},
                        {"SL", "sublingual"},
                        {"pr", "rectal"},
                        {"inh", "inhaled"},
                        {"nebs", "nebulized"},
                        {"topically", "topical"},
                        {"ophth", "ophthalmic"},
                        {"otic", "otic"},
                        {"intranasal", "nasal"},
                        {"buccal", "buccal"},
                        {"transdermal", "transdermal"},
                        {"vaginal", "vaginal"},
                        // Right eye or once daily; both ways; nothing.
                        {"OD", ""},
                        {"os", ""},
                        {"PO or IV", ""},
                        {"oral (IV)", ""},
                        {"", ""}};
  for (const Case& c : cases) EXPECT_EQ(ReadRoute(c.written).value_or(""), c.plain) << c.written;
}

TEST(RegimenTest, FrequenciesHaveOneForm) {
  const Case cases[] = {{"qd", "once daily"},
                        {"q.d.", "once daily"},
                        {"OD", "once daily"},
                        {"Daily", "once daily"},
                        {"once a day", "once daily"},
                        {"every day", "once daily"},
                        {"q24h", "once daily"},
                        {"1 time per day", "once daily"},
                        {"BID", "twice daily"},
                        {"b.i.d.", "twice daily"},
                        {"2x/day", "twice daily"},
                        {"twice daily (BID)", "twice daily"},
                        {"two times a day", "twice daily"},
                        {"q12h", "every 12 hours"},
                        {"every 12 hrs", "every 12 hours"},
                        {"every twelve hours", ""},
                        {"TID", "three times daily"},
                        {"three times a day", "three times daily"},
                        {"3 times daily", "three times daily"},
                        {"qid", "four times daily"},
                        {"q.i.d.", "four times daily"},
                        {"2-3 times daily", "2-3 times daily"},
                        {"q6h", "every 6 hours"},
                        {"q 6 h", "every 6 hours"},
                        {"every six hours", "every 6 hours"},
                        {"q4-6h", "every 4-6 hours"},
                        {"every 4 to 6 hours", "every 4-6 hours"},
                        {"q4–6h PRN", "every 4-6 hours as needed"},
                        {"qhs", "at bedtime"},
                        {"hs", "at bedtime"},
                        {"nightly", "at bedtime"},
                        {"qam", "every morning"},
                        {"prn", "as needed"},
                        {"stat", "once"},
                        {"single dose", "once"},
                        {"x1", "once"},
                        {"weekly", "weekly"},
                        {"once a week", "weekly"},
                        {"twice a week", "twice weekly"},
                        {"every 2 weeks", "every 2 weeks"},
                        {"every other day", "every other day"},
                        {"q48h", "every 48 hours"},
                        {"q2d", "every other day"},
                        {"TID before meals", "three times daily before meals"},
                        {"tid ac", "three times daily before meals"},
                        {"twice daily, with food", "twice daily with food"},
                        {"once daily at bedtime", "once daily at bedtime"},
                        // Kept: not all of it is understood.
                        {"qd or qid", ""},
                        {"q.d", "once daily"},
                        {"qod?", ""},
                        {"every 6 hours BID", ""},
                        {"as directed", ""},
                        {"loading dose, then daily", ""}};
  for (const Case& c : cases) {
    EXPECT_EQ(ReadFrequency(c.written).value_or(""), c.plain) << c.written;
  }
}

TEST(RegimenTest, DurationsHaveOneForm) {
  const Case cases[] = {{"x 7 days", "7 days"},
                        {"x7d", "7 days"},
                        {"for 7 days", "7 days"},
                        {"7-day course", "7 days"},
                        {"seven days", "7 days"},
                        {"for a total of 10 days", "10 days"},
                        {"7-10 days", "7-10 days"},
                        {"for 5/7", "5 days"},
                        {"5/7", "5 days"},
                        {"2/52", "14 days"},
                        {"3/12", "3 months"},
                        {"1 week", "7 days"},
                        {"1 wk", "7 days"},
                        {"1-2 weeks", "7-14 days"},
                        {"6 weeks", "6 weeks"},
                        {"1 day", "1 day"},
                        {"24 hrs", "24 hours"},
                        {"3 doses", "3 doses"},
                        {"until review", ""},
                        {"7 days then review", ""},
                        {"lifelong", ""},
                        {"3/4", ""},
                        {"7", ""}};
  for (const Case& c : cases) EXPECT_EQ(ReadDuration(c.written).value_or(""), c.plain) << c.written;
  EXPECT_TRUE(IsPlainlyDuration("10 days"));
  EXPECT_TRUE(IsPlainlyDuration("for 5/7"));
  EXPECT_FALSE(IsPlainlyDuration("5/7")) << "may be a strength";
  EXPECT_FALSE(IsPlainlyDuration("30 minutes")) << "... before meals";
}

TEST(RegimenTest, EveryFormOfTheTablesIsReadAsItself) {
  for (const auto& form : regimen_words::kRoutes) {
    EXPECT_EQ(ReadRoute(form.plain), form.plain) << form.written;
  }
  for (const auto& form : regimen_words::kFrequencies) {
    EXPECT_EQ(ReadFrequency(form.plain), form.plain) << form.written;
    EXPECT_EQ(ReadFrequency(form.written), form.plain);
  }
  for (const auto& form : regimen_words::kConditions) {
    EXPECT_EQ(ReadFrequency(form.plain), form.plain) << form.written;
  }
  for (const auto& form : regimen_words::kUnits) {
    EXPECT_EQ(AmountOf("2 " + std::string(form.many)), "2|" + std::string(form.many));
    EXPECT_EQ(AmountOf("1 " + std::string(form.written)), "1|" + std::string(form.one));
  }
}

// The right eye, unless the route is known to be another.
TEST(RegimenTest, OdIsOnceDailyOnlyBesideARouteThatIsNotTheEye) {
  const auto frequency = [](const char* route, const char* text) {
    return StatedFrequency({"", "", "", route, text, "", ""}).text;
  };
  for (const char* route : {"po", "oral", "IV", "SC", "inhaled", "NG tube"}) {
    EXPECT_EQ(frequency(route, "OD"), "once daily") << route;
    EXPECT_EQ(frequency(route, "o.d. prn"), "once daily as needed") << route;
  }
  for (const char* route : {"", "ophthalmic", "ophth", "topical", "right eye", "intravitreal"}) {
    EXPECT_EQ(frequency(route, "OD"), "od") << route;
    EXPECT_EQ(frequency(route, "BID"), "twice daily") << route;
  }
}

Medication Put(Medication m) {
  PutInOneForm(m);
  return m;
}

TEST(RegimenTest, WhatIsNotUnderstoodStaysAsWritten) {
  const Medication m = Put({"MSO4", "1.000", "U", "OD", "QD vs QID", "until review", "pain"});
  EXPECT_EQ(m.ingredient, "MSO4");
  EXPECT_EQ(m.dose, "1.000");
  EXPECT_EQ(m.unit, "U");
  EXPECT_EQ(m.route, "OD");
  EXPECT_EQ(m.frequency, "QD vs QID");
  EXPECT_EQ(m.duration, "until review");
  EXPECT_EQ(Put({"", "", "", "", "q6h PRN for chest pain (SBP > 90)", "", ""}).frequency,
            "every 6 hours as needed for chest pain (SBP > 90)");
}

TEST(RegimenTest, DoseThatNamesItsUnitFillsTheUnit) {
  Medication m = Put({"", "500 mg", "", "", "", "", ""});
  EXPECT_EQ(m.dose + "|" + m.unit, "500|mg");
  m = Put({"", "500 mg", "milligrams", "", "", "", ""});
  EXPECT_EQ(m.dose + "|" + m.unit, "500|mg");
  m = Put({"", "500 mg", "tablet", "", "", "", ""});
  EXPECT_EQ(m.dose + "|" + m.unit, "500 mg|tablets") << "two units: both stay";
  m = Put({"", "1,000", "MG", "", "", "", ""});
  EXPECT_EQ(m.dose + "|" + m.unit, "1000|mg");
}

std::string Key(Stated (*of)(const Medication&), const Medication& m) { return of(m).key; }

TEST(RegimenTest, WaysToSayTheSameShareAKey) {
  const auto dose = [](const char* number, const char* unit) {
    return Key(StatedDose, {"", number, unit, "", "", "", ""});
  };
  EXPECT_EQ(dose("500", "mg"), dose("0.5", "g"));
  EXPECT_EQ(dose("500", "mg"), dose("500 mg", ""));
  EXPECT_EQ(dose("500.0", "mg"), dose("500", "mg"));
  EXPECT_EQ(dose("50", "mcg"), dose("0.05", "mg"));
  EXPECT_EQ(dose("0.125", "mg"), dose("125", "mcg")) << "no thousand begins with a zero";
  EXPECT_EQ(dose(".125", "mg"), dose("125", "mcg"));
  EXPECT_NE(dose("1.000", "mg"), dose("1", "mg"));
  EXPECT_NE(dose("1.125", "mg"), dose("1125", "mcg"));
  EXPECT_NE(dose("1.000", "mg"), dose("1000", "mg"));
  EXPECT_NE(dose("500", "mg"), dose("500", "mg/kg"));
  EXPECT_NE(dose("10", "U"), dose("10", "units"));
  EXPECT_EQ(dose("", "mg"), "") << "nothing is stated";
  const auto frequency = [](const char* text) {
    return Key(StatedFrequency, {"", "", "", "", text, "", ""});
  };
  EXPECT_EQ(frequency("BID"), frequency("twice daily"));
  EXPECT_EQ(frequency("q12h"), frequency("BID"));
  EXPECT_EQ(frequency("q8h"), frequency("TID"));
  EXPECT_NE(frequency("qd"), frequency("qid"));
  EXPECT_NE(frequency("q6h prn"), frequency("q6h"));
  EXPECT_EQ(StatedFrequency({"", "", "", "", "q12h", "", ""}).text, "every 12 hours")
      << "shown as ordered";
  const auto duration = [](const char* text) {
    return Key(StatedDuration, {"", "", "", "", "", text, ""});
  };
  EXPECT_EQ(duration("42 days"), duration("6 weeks"));
  EXPECT_NE(duration("1 month"), duration("4 weeks"));
}

}  // namespace
}  // namespace consilium
