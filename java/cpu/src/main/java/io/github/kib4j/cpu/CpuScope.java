package io.github.kib4j.cpu;

import io.github.kib4j.op.UseGuard;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Owns tensors in native memory. */
final class CpuScope implements Scope {
    private final AtomicLong account;
    private final UseGuard device;
    private final List<CpuMemory> blocks = new ArrayList<>();
    private boolean closed;

    CpuScope(AtomicLong account, UseGuard device) {
        this.device = device;
        this.account = account;
    }

    @Override
    public Tensor allocate(DataType type, Shape shape) {
        device.checkOpen();
        checkOpen();
        CpuMemory memory = new CpuMemory(Math.multiplyExact(shape.size(), type.bytes()), account);
        blocks.add(memory);
        return new CpuTensor(this, this, shape, type, memory.start());
    }

    @Override
    public Tensor overlay(Tensor memory, DataType type, Shape shape) {
        device.checkOpen();
        checkOpen();
        CpuTensor base = CpuTensor.of(memory);
        long available = base.shape().size() * base.type().bytes();
        if (shape.size() * type.bytes() > available) {
            throw new IllegalArgumentException(
                    "A " + type + " tensor of " + shape + " does not fit the " + available + " bytes of another.");
        }
        return new CpuTensor(this, base.owner(), shape, type, base.data());
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("The tensor's scope is closed.");
        }
    }

    @Override
    public void close() {
        closed = true;
        blocks.forEach(CpuMemory::free);
        blocks.clear();
    }
}
