// Messages of HL7 v2 as a hospital sends them. Made up; nobody's. Header-only.
#pragma once

#include <string>

#include "tests/support/cluster_config.h"

namespace consilium {

// `type`: "MDM^T02". `more`: what follows the version.
inline std::string Msh(const std::string& type, const std::string& id,
                       const std::string& more = "") {
  return "MSH|^~\\&|HIS|WARD|CONSILIUM|HOSP|20261128101500||" + type + "|" + id + "|P|2.5.1" +
         more + "\r";
}
inline std::string Pid(const std::string& id) {
  return "PID|1||" + id + "^^^HOSP^MR||Doe^Jane||19600102|F\r";
}

// The text of a demo case, which the simulated models know; from 1.
inline std::string DemoText(int number = 1) { return JsonLines(DemoCases(number)).back()["text"]; }

// A document with a note. `event`: "T02"; `parent`: the document that it replaces or adds to.
inline std::string Note(const std::string& event, const std::string& id, const std::string& patient,
                        const std::string& document, const std::string& text = DemoText(),
                        const std::string& parent = "") {
  return Msh("MDM^" + event, id) + "EVN|" + event + "|20261128101500\r" + Pid(patient) +
         "PV1|1|I\rTXA|1|PN|TX|20261128101500||||||||" + document + "|" + parent +
         "||||AU\rOBX|1|TX|NOTE^Progress note||" + text + "||||||F\r";
}

}  // namespace consilium
