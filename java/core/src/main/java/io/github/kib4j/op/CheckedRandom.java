package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;

/** The door of {@link RandomOps}. */
record CheckedRandom(RandomOps<Work> raw, Door door) implements RandomOps<Operation> {
    @Override
    public Operation uniform(Tensor w, double bound, long seed, int layer) {
        Check check = new Check("random.uniform");
        check.type("w", w, DataType.F32);
        return door.plan(check.operation(), new Touched().writes(w), () -> raw.uniform(w, bound, seed, layer));
    }

    @Override
    public Operation advance(Clock clock, int batch) {
        Check check = new Check("random.advance");
        check.clock(clock);
        return door.plan(check.operation(), new Touched().changes(clock.now()), () -> raw.advance(clock, batch));
    }
}
