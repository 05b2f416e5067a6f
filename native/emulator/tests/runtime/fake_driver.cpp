// A libcuda.so.1 that is not the emulator's.
extern "C" int cuInit(unsigned) { return 0; }
