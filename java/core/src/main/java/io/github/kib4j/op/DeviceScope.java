package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A scope of any device: it counts what the backend gives, and gives it back. */
final class DeviceScope implements Scope {
    private final DeviceState device;
    private final String name;
    private final boolean dry;
    private final List<Tensor> allocated = new ArrayList<>();
    private final List<Runnable> closing = new ArrayList<>();
    private long bytes;
    private boolean closed;

    /** Opens a scope; what a dry one allocates has a size, and no memory. */
    DeviceScope(DeviceState device, String name, boolean dry) {
        this.device = device;
        this.name = name;
        this.dry = dry;
        device.guard().checkOpen();
        if (!dry) {
            device.opened(this, opener());
        }
    }

    /** Returns the first caller outside this package, which is said of a scope that is never closed. */
    private static String opener() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(
                                frame -> !frame.getClassName().startsWith(DeviceScope.class.getPackageName() + "."))
                        .findFirst()
                        .map(StackWalker.StackFrame::toStackTraceElement)
                        .map(at -> at.getClassName().substring(at.getClassName().lastIndexOf('.') + 1) + "."
                                + at.getMethodName() + " (" + at.getFileName() + ":" + at.getLineNumber() + ")")
                        .orElse("an unknown place"));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Tensor allocate(DataType type, Shape shape) {
        Tensor tensor = promise(type, shape);
        if (dry) {
            bytes += tensor.bytes();
        } else {
            allocate(tensor);
        }
        return tensor;
    }

    /** Returns a tensor that is put on memory later. */
    Tensor promise(DataType type, Shape shape) {
        device.guard().checkOpen();
        checkOpen();
        return device.backend().promise(this, type, shape);
    }

    /** Gives a promised tensor memory of its own. */
    void allocate(Tensor promised) {
        device.allocate(promised, name);
        allocated.add(promised);
        bytes += promised.bytes();
    }

    /** Frees one of its tensors before the others. */
    void free(Tensor tensor) {
        allocated.remove(tensor);
        device.free(tensor);
        bytes -= tensor.bytes();
    }

    @Override
    public long bytes() {
        return bytes;
    }

    /** Has something released when the scope is closed, before its memory is freed. */
    void onClose(Runnable release) {
        closing.add(release);
    }

    @Override
    public boolean isDry() {
        return dry;
    }

    DeviceState device() {
        return device;
    }

    @Override
    public void checkOpen() {
        if (closed) {
            throw new IllegalStateException("The tensor's scope is closed (" + name + ").");
        }
    }

    @Override
    public void close() {
        closed = true;
        List<Runnable> all = new ArrayList<>(closing);
        allocated.forEach(tensor -> all.add(() -> device.free(tensor)));
        closing.clear();
        allocated.clear();
        RuntimeException first = null;
        for (Runnable release : all) { // each, whatever became of those before
            try {
                release.run();
            } catch (RuntimeException e) {
                first = first == null ? e : first;
            }
        }
        device.closed(this);
        if (first != null) {
            throw first;
        }
    }
}
