package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import java.util.List;

/**
 * An operation at a size of the paper's networks.
 *
 * @param name in tables, without a slash
 * @param types of activations with which it is timed
 * @param setUp plans it last, after what it reads the results of
 * @param limit what it cannot be faster than
 */
public record TimedOperation(String name, List<DataType> types, OperationCase.Body setUp, SpeedLimit limit) {
    /**
     * Checks the name.
     *
     * @param name in tables
     * @param types of activations with which it is timed
     * @param setUp plans it last, after what it reads the results of
     * @param limit what it cannot be faster than
     */
    public TimedOperation {
        if (name.contains("/")) {
            throw new IllegalArgumentException("The name '" + name + "' must have no slash.");
        }
    }

    /** The operation on a device, planned once, run as often as wanted. */
    public static final class Planned implements AutoCloseable {
        private final Device device;
        private final Scope scope;
        private final Program program;

        private Planned(Device device, Precision precision, OperationCase.Body setUp) {
            this.device = device;
            scope = device.newScope("operands");
            OperationCase.Setup setup = new OperationCase.Setup(device, scope, precision, Parity.SEED);
            setUp.plan(setup);
            List<Operation> operations = setup.operations();
            OperationCase.run(device, operations);
            Operation last = operations.get(operations.size() - 1);
            program = device.compile(device.newWorkspace(scope), List.of(Step.main(Phase.FORWARD, last)));
            program.run();
        }

        /** Runs the operation, and waits for it. */
        public void run() {
            program.run();
            device.synchronize();
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    /**
     * Plans the operation, and runs what comes before it and it once.
     *
     * @param device where; open for longer than what is returned
     * @param type of activations
     * @return what to time
     */
    public Planned plan(Device device, DataType type) {
        return new Planned(device, type == DataType.BF16 ? Precision.BF16 : Precision.F32, setUp);
    }
}
