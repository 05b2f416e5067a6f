package io.github.kib4j.tensor;

/** Element types of tensors. */
public enum DataType {
    /** IEEE double precision: the reference backend's only floating type; statistics and sums elsewhere. */
    F64(8),
    /** IEEE single precision. */
    F32(4),
    /** bfloat16: the upper half of an {@link #F32}, rounded to nearest even. */
    BF16(2),
    /** Signed 64-bit integers. */
    I64(8),
    /** Signed 32-bit integers. */
    I32(4),
    /** Unsigned bytes. */
    U8(1);

    private final int bytes;

    DataType(int bytes) {
        this.bytes = bytes;
    }

    /** {@return the size of one element in bytes} */
    public int bytes() {
        return bytes;
    }

    /** {@return whether elements are floating-point numbers} */
    public boolean isFloating() {
        return this == F64 || this == F32 || this == BF16;
    }
}
