// The clean programs of one theme, in one file, so that nvcc reads its headers once:
// nvcc -DTHEME='"clean/NAME.cuh"' clean.cu. Usage: clean [all|NAME [SEED]]
#include THEME

int main(int count, char** arguments) { return run_programs(count, arguments); }
