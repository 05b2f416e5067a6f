package io.github.kib4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What doors say of operations is true, on which the order of steps and the places of tensors rest: an operation changes nothing but
 * what it says it writes, and what it writes depends on nothing but what it says it reads.
 */
final class DoorsTest {
    /** Larger cases are of operations that smaller ones are of too. */
    private static final long MOST = 1 << 14;

    @TestFactory
    Stream<DynamicTest> operationsTouchWhatTheySay() {
        return OperationCases.all().stream()
                .map(c -> DynamicTest.dynamicTest(c.toString(), () -> {
                    Recorder recorder = new Recorder();
                    try (Scope scope = recorder.device().newScope("test")) {
                        for (Operation operation : c.plan(recorder.device(), scope, Precision.F32, Parity.SEED)
                                .operations()) {
                            Set<Tensor> arguments =
                                    tensors(recorder.call(operation).arguments());
                            if (arguments.stream()
                                            .mapToLong(t -> t.shape().size())
                                            .sum()
                                    <= MOST) {
                                assertThat(lies(recorder, operation, arguments))
                                        .as("seed " + Parity.SEED)
                                        .isEmpty();
                            }
                        }
                    }
                    recorder.device().close();
                }));
    }

    /** An operation whose door forgets a tensor is found, whichever it is. */
    @Test
    void whatIsForgottenIsFound() {
        OperationCase linear = OperationCases.all().stream()
                .filter(c -> c.toString().contains("bias, f32 out"))
                .findFirst()
                .orElseThrow();
        Recorder recorder = new Recorder();
        try (Scope scope = recorder.device().newScope("test")) {
            Operation forward = linear.plan(recorder.device(), scope, Precision.F32, Parity.SEED)
                    .operations()
                    .get(0);
            Set<Tensor> arguments = tensors(recorder.call(forward).arguments());
            assertThat(lies(recorder, forward, arguments)).isEmpty();
            for (Tensor forgotten : forward.reads()) {
                List<Tensor> others =
                        forward.reads().stream().filter(t -> t != forgotten).toList();
                Operation door = new Operation("door", others, forward.writes(), forward.work());
                assertThat(lies(recorder, door, arguments)).hasSize(1).allMatch(lie -> lie.contains("reads"));
            }
            forward.writes().forEach(DoorsTest::spoil); // so that there is something to change
            Operation door = new Operation("door", forward.reads(), List.of(), forward.work());
            assertThat(lies(recorder, door, arguments)).hasSize(1).allMatch(lie -> lie.contains("changes"));
        }
        recorder.device().close();
    }

    /** Runs an operation, and returns what is not as it says, a sentence each. */
    private static List<String> lies(Recorder recorder, Operation operation, Set<Tensor> arguments) {
        List<String> lies = new ArrayList<>();
        List<Tensor> all = List.copyOf(arguments);
        List<Object> before = all.stream().map(DoorsTest::read).toList();
        recorder.device().run(operation);
        List<Object> after = all.stream().map(DoorsTest::read).toList();
        for (int i = 0; i < all.size(); i++) {
            if (!operation.writes().contains(all.get(i))
                    && !Arrays.deepEquals(wrap(before.get(i)), wrap(after.get(i)))) {
                lies.add(operation + " changes a tensor of " + all.get(i).shape() + " that it does not write");
            }
        }
        for (int i = 0; i < all.size(); i++) {
            if (!operation.reads().contains(all.get(i))) {
                restore(all, before);
                spoil(all.get(i));
                recorder.device().run(operation);
                for (Tensor written : operation.writes()) {
                    Object expected = after.get(all.indexOf(written));
                    if (!Arrays.deepEquals(wrap(read(written)), wrap(expected))) {
                        lies.add(operation + " reads a tensor of " + all.get(i).shape() + " and does not say so");
                        break;
                    }
                }
            }
        }
        restore(all, after);
        return lies;
    }

    private static Object[] wrap(Object numbers) {
        return new Object[] {numbers};
    }

    private static void restore(List<Tensor> all, List<Object> numbers) {
        for (int i = 0; i < all.size(); i++) {
            write(all.get(i), numbers.get(i));
        }
    }

    private static Object read(Tensor tensor) {
        return switch (tensor.type()) {
            case I64 -> tensor.readLongs();
            case I32 -> tensor.readInts();
            case U8 -> tensor.readBytes();
            default -> tensor.readDoubles();
        };
    }

    private static void write(Tensor tensor, Object numbers) {
        switch (tensor.type()) {
            case I64 -> tensor.write((long[]) numbers);
            case I32 -> tensor.write((int[]) numbers);
            case U8 -> tensor.write((byte[]) numbers);
            default -> tensor.write((double[]) numbers);
        }
    }

    /** Writes what no operation could compute with. */
    private static void spoil(Tensor tensor) {
        Object numbers = read(tensor);
        switch (tensor.type()) {
            case I64 -> Arrays.fill((long[]) numbers, 77);
            case I32 -> Arrays.fill((int[]) numbers, 1_000_000);
            case U8 -> Arrays.fill((byte[]) numbers, (byte) 0x55);
            default -> Arrays.fill((double[]) numbers, Double.NaN);
        }
        write(tensor, numbers);
    }

    /** Returns the tensors of arguments: themselves, in records and in lists. */
    private static Set<Tensor> tensors(Object... arguments) {
        Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Object argument : arguments) {
            if (argument instanceof Tensor tensor) {
                tensors.add(tensor);
            } else if (argument instanceof List<?> list) {
                tensors.addAll(tensors(list.toArray()));
            } else if (argument instanceof Record) {
                tensors.addAll(tensors(components(argument)));
            }
        }
        return tensors;
    }

    private static Object[] components(Object parts) {
        return Arrays.stream(parts.getClass().getRecordComponents())
                .map(component -> component(parts, component))
                .toArray();
    }

    private static Object component(Object parts, RecordComponent component) {
        try {
            return component.getAccessor().invoke(parts);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
