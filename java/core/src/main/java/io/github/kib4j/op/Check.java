package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The checks of one operation's arguments. Each throws {@link IllegalArgumentException} with operation, argument and expectation.
 *
 * @param operation its name, for messages
 */
record Check(String operation) {
    static final Shape SCALAR = Shape.of(1);

    void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(operation + ": " + message + ".");
        }
    }

    void shape(String argument, Tensor tensor, Shape expected) {
        require(tensor.shape().equals(expected), argument + " must be " + expected + ", but is " + tensor.shape());
    }

    void floating(String argument, Tensor tensor) {
        require(tensor.type().isFloating(), argument + " must hold floating-point numbers, but holds " + tensor.type());
    }

    void type(String argument, Tensor tensor, DataType expected) {
        boolean same = tensor.type() == expected || (expected == DataType.F32 && tensor.type() == DataType.F64);
        require(same, argument + " must be " + expected + ", but is " + tensor.type());
    }

    void vector(String argument, @Nullable Tensor tensor, int size) {
        if (tensor != null) {
            shape(argument, tensor, Shape.of(size));
            type(argument, tensor, DataType.F32);
        }
    }

    void sameType(String first, Tensor a, String second, Tensor b) {
        require(
                a.type() == b.type(),
                first + " (" + a.type() + ") and " + second + " (" + b.type() + ") must have one type");
    }

    void labels(String argument, Tensor labels, int batch) {
        shape(argument, labels, Shape.of(batch));
        type(argument, labels, DataType.I32);
    }

    void clock(Clock clock) {
        shape("clock", clock.now(), Shape.of(Clock.SIZE));
        type("clock", clock.now(), DataType.I64);
        shape("fault", clock.fault(), Shape.of(2));
        type("fault", clock.fault(), DataType.I64);
    }

    void meter(Meter meter) {
        type("sums", meter.sums(), DataType.F64);
        clock(meter.clock());
        slot(meter, meter.slot());
        if (meter.correct() != Meter.NOWHERE) {
            slot(meter, meter.correct());
        }
    }

    private void slot(Meter meter, int slot) {
        require(
                slot >= 0 && slot < meter.sums().shape().size(),
                "slot " + slot + " does not fit sums of " + meter.sums().shape());
    }

    static int batch(Tensor tensor) {
        return tensor.shape().extent(0);
    }
}
