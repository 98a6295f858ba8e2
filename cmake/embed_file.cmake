# Writes OUTPUT: `inline constexpr char NAME[]` with the text of FILE.
file(READ ${FILE} body)
get_filename_component(file ${FILE} NAME)
set(text "// Made from ${file} by cmake/embed_file.cmake.\n#pragma once\nnamespace consilium {\n")
string(APPEND text "inline constexpr char ${NAME}[] = R\"file(${body})file\";\n}  // namespace consilium\n")
file(WRITE ${OUTPUT} "${text}")
