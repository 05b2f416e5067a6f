package io.github.kib4j.reference;

import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;

/** Owns tensors in Java arrays. */
final class ReferenceScope implements Scope {
    private final AtomicLong deviceBytes;
    private final UseGuard device;
    private long bytes;
    private boolean closed;

    ReferenceScope(AtomicLong deviceBytes, UseGuard device) {
        this.device = device;
        this.deviceBytes = deviceBytes;
    }

    @Override
    public Tensor allocate(DataType type, Shape shape) {
        device.checkOpen();
        checkOpen();
        DataType own = type.isFloating() ? DataType.F64 : type;
        long size = shape.size();
        if (size > Integer.MAX_VALUE - 8) {
            throw new OutOfDeviceMemoryException(
                    "A tensor of " + shape + " is too large for the reference device; use another device.");
        }
        Object array = switch (own) {
            case I64 -> new long[(int) size];
            case I32 -> new int[(int) size];
            case U8 -> new byte[(int) size];
            default -> new double[(int) size];
        };
        bytes += size * own.bytes();
        deviceBytes.addAndGet(size * own.bytes());
        return new ReferenceTensor(this, shape, own, array);
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("The tensor's scope is closed.");
        }
    }

    @Override
    public void close() {
        closed = true;
        deviceBytes.addAndGet(-bytes);
        bytes = 0;
    }
}
