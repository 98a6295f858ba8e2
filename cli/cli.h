// The command line of `consilium`: reads it, runs one command, returns its exit code.
#pragma once

namespace consilium {

int RunCli(int argc, char** argv);

}  // namespace consilium
