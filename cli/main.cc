// consilium: the command line of a council, and a whole local cluster of one.
#include "cli/cli.h"

int main(int argc, char** argv) { return consilium::RunCli(argc, argv); }
