package io.github.kib4j.cuda;

/** What products of single-precision numbers may round their operands to. Sums are in single precision always. */
enum SinglePrecision {
    /** Nothing: 24 bits count. */
    F32,
    /** TF32, 11 bits, which matrix units take: several times as fast. */
    TF32
}
