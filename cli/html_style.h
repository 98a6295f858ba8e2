// The CSS rules of a page of html_page.h; colours are the variables of plot::Style().
#pragma once

#include <string_view>

namespace consilium::html {

std::string_view PageStyle();

}  // namespace consilium::html
