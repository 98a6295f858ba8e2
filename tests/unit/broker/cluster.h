// A configuration for the broker's tests: three remote and two local models.
#pragma once

#include <string>
#include <utility>

#include "shared/config.h"

namespace consilium {

inline Config FiveModels() {
  Config config;
  for (const auto& [model, placement] : {std::pair<const char*, const char*>{"delta", "remote"},
                                         {"alpha", "local"},
                                         {"charlie", "remote"},
                                         {"bravo", "local"},
                                         {"echo", "remote"}}) {
    BackendConfig backend;
    backend.model = model;
    backend.placement = placement;
    config.backends.push_back(backend);
  }
  return config;
}

inline CaseRequest SomeCase(std::string id = "case-1") {
  CaseRequest request;
  request.id = std::move(id);
  request.vignette.text = "A 54-year-old man with a productive cough.";
  return request;
}

}  // namespace consilium
