package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Memory for what programs compute on the way. {@link #tensor} promises a tensor; {@link Device#compile} gives it a place in one
 * arena, from its first use in the program to its last, and others the same place before and after. All programs of a workspace
 * share the arena: what one leaves there is gone when another runs.
 *
 * <p>A program's numbers are undefined once their last step is done, but for those that are {@linkplain #keep kept}.
 */
public final class Workspace {
    /** Bytes by which arenas are counted: a tensor's extents are ints, and an arena may have more bytes. */
    private static final int UNIT = 256;

    private final DeviceScope scope;
    private final Set<Tensor> promised = identities();
    private final Set<Tensor> kept = identities();
    /** Those that programs have. */
    private final Set<Tensor> taken = identities();
    /** Those that have memory of their own. */
    private final Set<Tensor> separate = identities();

    private long bytes;
    private @Nullable Tensor arena;

    Workspace(DeviceScope scope) {
        this.scope = scope;
    }

    private static Set<Tensor> identities() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /**
     * {@return a tensor of one program; its numbers are undefined until a step writes them}
     *
     * @param type the element type
     * @param shape the extents
     */
    public Tensor tensor(DataType type, Shape shape) {
        Tensor tensor = scope.promise(type, shape);
        promised.add(tensor);
        return tensor;
    }

    /**
     * {@return the tensor, whose numbers now stay from its last step to the program's end, until another program of the workspace
     * runs: to be read in between} To be called before the program is compiled.
     *
     * @param tensor of this workspace; others stay anyhow
     */
    public Tensor keep(Tensor tensor) {
        kept.add(tensor);
        return tensor;
    }

    /** {@return the bytes of the arena that the programs compiled so far need} */
    public long bytes() {
        return bytes;
    }

    DeviceState device() {
        return scope.device();
    }

    /** Has something released when the workspace's scope is closed. */
    void onClose(Runnable release) {
        scope.onClose(release);
    }

    boolean isDry() {
        return scope.isDry();
    }

    boolean keeps(Tensor tensor) {
        return kept.contains(tensor);
    }

    /**
     * {@return whether a tensor is one of this workspace that no program has yet}
     *
     * @param tensor of any origin
     */
    public boolean contains(Tensor tensor) {
        return promised.contains(tensor);
    }

    /** Returns whether a tensor is one of this workspace that a program has. */
    boolean isTaken(Tensor tensor) {
        return taken.contains(tensor);
    }

    /** Makes room for a program, whose tensors no other may have. */
    void add(Plan plan) {
        promised.removeAll(plan.tensors());
        taken.addAll(plan.tensors());
        bytes = device().backend().reusesMemory() ? Math.max(bytes, whole(plan.bytes())) : bytes + plan.bytes();
    }

    private static long whole(long size) {
        return (size + UNIT - 1) / UNIT * UNIT;
    }

    /** Returns the arena, which may be another than the last time, since a program needs more; null where there is none. */
    @Nullable
    Tensor arena() {
        Tensor now = arena;
        if (bytes > 0 && device().backend().reusesMemory() && (now == null || now.bytes() < bytes)) {
            if (now != null) {
                arena = null;
                scope.free(now);
            }
            now = scope.promise(DataType.U8, Shape.of(Math.toIntExact(bytes / UNIT), UNIT));
            scope.allocate(now);
            arena = now;
        }
        return now;
    }

    /** Gives a tensor its place in the arena, or memory of its own on devices that reuse none. */
    void place(Tensor tensor, long offset) {
        if (device().backend().reusesMemory()) {
            device().backend().place(tensor, Objects.requireNonNull(arena()), offset);
        } else if (!separate.contains(tensor)) {
            scope.allocate(tensor);
            separate.add(tensor);
        }
    }

    /** Returns scratch memory in the arena. */
    Tensor scratch(long offset, long size) {
        Tensor part = scope.promise(DataType.U8, Shape.of(Math.toIntExact(whole(size) / UNIT), UNIT));
        place(part, offset);
        return part;
    }
}
