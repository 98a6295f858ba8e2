// How `--help` looks: at most 80 columns, whatever is said.
#pragma once

#include <memory>

namespace CLI {
class FormatterBase;
}

namespace consilium {

std::shared_ptr<CLI::FormatterBase> HelpFormat();

}  // namespace consilium
