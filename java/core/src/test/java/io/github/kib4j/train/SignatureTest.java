package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.op.Signature;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.BoundRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Optimizers;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a checkpoint says of its run: every setting, and for ever by the same words. */
final class SignatureTest {
    /** Where no rate depends on them, epochs decide no bits: a run may be given more. */
    private static final Set<String> WITHOUT_BITS = Set.of(".epochs", ".testFlips");

    private static final NetworkSpec NETWORK = new NetworkSpec(
            Shape.of(2, 8, 8),
            List.of(
                    LayerSpec.convolution(8)
                            .withPooling(Pooling.MAX)
                            .withGrouping(new Grouping(4, 0.8, 1, 0.2))
                            .withDropout(new Dropout(0.1, false)),
                    LayerSpec.convolution(8)
                            .withActivation(Activation.SELU)
                            .withBatchNorm(true)
                            .withGrouping(new Grouping(4, 0.5, 1, 0))),
            4);

    private static final TeachingSignal CLASSES = TeachingSignals.classes(4, Kernel.COSINE, true);

    private static TrainingConfig config(Rule rule, OptimizerSpec readout, Schedule schedule) {
        OptimizerSpec local = OptimizerSpec.adamW(0.01, 1e-4);
        return new TrainingConfig(NETWORK, rule, local, readout, schedule, 9, 16, Precision.F32, 7, true);
    }

    private static Rule taughtBy(TeachingSignal signal) {
        ObjectiveOps.Spec spec = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.gaussian(5), true, 2);
        return new LocalRule("phsic", LocalObjective.of(spec), signal);
    }

    /** Configurations in which every type of settings occurs. */
    static List<TrainingConfig> configs() {
        OptimizerSpec adam = OptimizerSpec.adam(0.02, 0);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 1e-4);
        Schedule steps = new Schedule.MultiStep(List.of(3, 5), 0.25);
        TeachingSignal targets = TeachingSignals.targets(3, sample -> new double[3], Kernel.LINEAR, false);
        TeachingSignal similarity = TeachingSignals.similarity((i, j) -> 1);
        TeachingSignal judgements = TeachingSignals.judgements(0.1, 0.2, 3);
        TeachingSignal pictures = TeachingSignals.pictures(Shape.of(3, 8, 8), 4, Kernel.LINEAR, false);
        return List.of(
                config(taughtBy(CLASSES), sgd, new Schedule.Cosine()),
                config(taughtBy(targets), adam, new Schedule.OneCycle(0.3)),
                config(taughtBy(similarity), sgd, new Schedule.WarmUp(1.5, steps)),
                config(taughtBy(judgements), sgd, new Schedule.WarmUp(1.5, steps)),
                config(taughtBy(pictures), sgd, new Schedule.WarmUp(1.5, steps)),
                config(taughtBy(TeachingSignals.views()), sgd, new Schedule.WarmUp(1.5, steps)),
                config(new BackpropRule(), sgd, steps),
                config(new ReadoutRule(), adam, new Schedule.Constant()));
    }

    /** What a checkpoint says of a network is enough to make it again. */
    @Test
    void aNetworkIsReadFromItsSignature() {
        for (NetworkSpec network : List.of(NETWORK, NETWORK.withReadout(new ReadoutSpec(64)))) {
            Signature signature = network.signature();
            assertThat(NetworkSpec.of(signature)).isEqualTo(network);
            assertThatThrownBy(() -> NetworkSpec.of(signature.with("hidden.1.later", "1")))
                    .hasMessage("its network has settings that this version does not know");
            for (String key : signature.entries().keySet()) {
                for (String other : List.of("", "x", "-1", "99999999999", "1 x x", "2147483647 x 2147483647 x 9")) {
                    if (!key.startsWith("readout")) {
                        assertThatThrownBy(() -> NetworkSpec.of(signature.with(key, other)))
                                .as(key + " " + other)
                                .isInstanceOf(IllegalArgumentException.class);
                    }
                }
            }
        }
    }

    @Test
    void everyTypeOfSettingsOccurs() {
        List<Class<?>> types = new ArrayList<>(List.of(Schedule.class.getPermittedSubclasses()));
        types.addAll(List.of(OptimizerOps.Spec.class.getPermittedSubclasses()));
        types.addAll(Stream.of(TeachingSignals.class.getDeclaredClasses())
                .filter(Class::isRecord)
                .toList());
        Set<Class<?>> occurring = new LinkedHashSet<>();
        configs().forEach(config -> types(config, occurring));
        assertThat(occurring).containsAll(types);
    }

    private static void types(Object value, Set<Class<?>> types) {
        if (value instanceof Record) {
            types.add(value.getClass());
            Stream.of(value.getClass().getRecordComponents()).forEach(part -> types(get(part, value), types));
        } else if (value instanceof List<?> list) {
            list.forEach(element -> types(element, types));
        }
    }

    /** Where this fails, a new component is not in its type's signature, or its type has no other value below. */
    @ParameterizedTest
    @MethodSource("configs")
    void everyComponentIsInTheSignature(TrainingConfig config) {
        Set<String> left = new LinkedHashSet<>(paths("", config));
        assertThat(left).hasSizeGreaterThan(30);
        for (Change change : changes("", config)) {
            Signature changed = ((TrainingConfig) change.value()).signature();
            if (WITHOUT_BITS.contains(change.path())
                    && !(change.path().equals(".epochs") && config.schedule().dependsOnEpochs())) {
                assertThat(changed).as(change.path()).isEqualTo(config.signature());
            } else {
                assertThat(changed).as(change.path()).isNotEqualTo(config.signature());
            }
            left.remove(change.path());
        }
        assertThat(left).as("not changed").isEmpty();
    }

    /** A value in which one component, at a path, is another. */
    private record Change(String path, Object value) {}

    private static List<String> paths(String path, Object value) {
        List<String> paths = new ArrayList<>();
        if (value instanceof Record) {
            for (RecordComponent part : value.getClass().getRecordComponents()) {
                paths.addAll(paths(path + "." + part.getName(), get(part, value)));
            }
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                paths.addAll(paths(path + "." + i, list.get(i)));
            }
        } else {
            paths.add(path);
        }
        return paths;
    }

    private static List<Change> changes(String path, Object value) {
        List<Change> changes = new ArrayList<>();
        if (value instanceof Record) {
            RecordComponent[] parts = value.getClass().getRecordComponents();
            for (int i = 0; i < parts.length; i++) {
                for (Change part : changes(path + "." + parts[i].getName(), get(parts[i], value))) {
                    rebuilt(value, i, part.value()).ifPresent(whole -> changes.add(new Change(part.path(), whole)));
                }
            }
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                for (Change element : changes(path + "." + i, list.get(i))) {
                    List<Object> whole = new ArrayList<>(list);
                    whole.set(i, element.value());
                    changes.add(new Change(element.path(), whole));
                }
            }
        } else {
            others(value).forEach(other -> changes.add(new Change(path, other)));
        }
        return changes;
    }

    /** Returns other values of a type, of which one at least should be allowed wherever it stands. */
    private static List<?> others(Object value) {
        if (value instanceof Integer number) {
            return Stream.of(number + 1, number + 2, number * 2, number + 64)
                    .filter(other -> !other.equals(number))
                    .toList();
        } else if (value instanceof Long number) {
            return List.of(number + 1);
        } else if (value instanceof Double number) {
            return List.of(number + 0.25, number / 2 + 0.0625);
        } else if (value instanceof Boolean truth) {
            return List.of(!truth);
        } else if (value instanceof String text) {
            return List.of(text + "x");
        } else if (value instanceof Shape) {
            return List.of(Shape.of(2, 16, 16));
        } else if (value instanceof Enum<?> constant) {
            return Stream.of(constant.getDeclaringClass().getEnumConstants())
                    .filter(other -> other != constant)
                    .toList();
        } else if (value instanceof IntFunction<?>) {
            return List.of(new OtherTargets());
        } else if (value instanceof TeachingSignals.Similarity) {
            return List.of(new OtherSimilarity());
        }
        return fail("Say here what another value of " + value.getClass() + " is.");
    }

    private static final class OtherTargets implements IntFunction<double[]> {
        @Override
        public double[] apply(int sample) {
            return new double[3];
        }
    }

    private static final class OtherSimilarity implements TeachingSignals.Similarity {
        @Override
        public double of(int i, int j) {
            return 1;
        }
    }

    private static Object get(RecordComponent part, Object record) {
        try {
            part.getAccessor().setAccessible(true);
            return part.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns a record with another component; empty if that is refused. */
    private static Optional<Object> rebuilt(Object record, int index, Object other) {
        RecordComponent[] parts = record.getClass().getRecordComponents();
        Object[] values = Stream.of(parts).map(part -> get(part, record)).toArray();
        values[index] = other;
        try {
            Constructor<?> constructor = record.getClass()
                    .getDeclaredConstructor(
                            Stream.of(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return Optional.of(constructor.newInstance(values));
        } catch (InvocationTargetException e) {
            assertThat(e.getCause()).as(Arrays.toString(values)).isInstanceOf(IllegalArgumentException.class);
            return Optional.empty();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Checkpoints hold these words: whoever changes one has to go on reading it, by another number of the format. */
    @Test
    void wordsStay() {
        NetworkSpec network =
                new NetworkSpec(Shape.of(2, 8, 8), List.of(NETWORK.hidden().get(0)), 4);
        TrainingConfig whole = configs().get(0);
        TrainingConfig config = new TrainingConfig(
                network, whole.rule(), whole.local(), whole.readout(), whole.schedule(), 9, 16, Precision.F32, 7, true);
        assertThat(config.signature().entries()).hasToString("""
                        {augment=true, batch=16, epochs=9, network.depth=1, network.hidden.1.activation=LEAKY_RELU,\
                         network.hidden.1.batchNorm=false, network.hidden.1.bias=false,\
                         network.hidden.1.dropout.alpha=false, network.hidden.1.dropout.rate=0.1,\
                         network.hidden.1.grouping.delta=1.0, network.hidden.1.grouping.divisivePower=0.2,\
                         network.hidden.1.grouping.groups=4, network.hidden.1.grouping.power=0.8,\
                         network.hidden.1.kernelSize=3, network.hidden.1.pooling=MAX, network.hidden.1.units=8,\
                         network.input=2 x 8 x 8, network.outputs=4, optimizer.local.learningRate=0.01,\
                         optimizer.local.update=adam, optimizer.local.update.beta1=0.9,\
                         optimizer.local.update.beta2=0.999, optimizer.local.update.decoupled=true,\
                         optimizer.local.update.epsilon=1.0E-8, optimizer.local.update.weightDecay=1.0E-4,\
                         optimizer.readout.learningRate=0.1, optimizer.readout.update=sgd,\
                         optimizer.readout.update.momentum=0.9, optimizer.readout.update.weightDecay=1.0E-4,\
                         precision=F32, rule=phsic, rule.objective.centred=true, rule.objective.estimator=PHSIC,\
                         rule.objective.form=AUTO, rule.objective.gamma=2.0, rule.objective.kernel.kind=GAUSSIAN,\
                         rule.objective.kernel.sigma=5.0, rule.teaching=classes, rule.teaching.centred=true,\
                         rule.teaching.count=4, rule.teaching.kernel.kind=COSINE, rule.teaching.kernel.sigma=1.0,\
                         schedule=cosine, seed=7}""");
        assertThat(new Schedule.WarmUp(2, new Schedule.MultiStep(List.of(3, 5), 0.5))
                        .signature()
                        .entries())
                .hasToString("{=warm-up, epochs=2.0, then=multi-step, then.decay=0.5, then.milestones=[3, 5]}");
        assertThat(new Schedule.OneCycle(0.3).signature().entries()).hasToString("{=one-cycle, rise=0.3}");
        assertThat(new Schedule.Constant().signature().entries()).hasToString("{=constant}");
    }

    /** A rule of a user's own, who writes no signature. */
    private static final class OwnRule implements Rule {
        @Override
        public String name() {
            return "mine";
        }

        @Override
        public boolean hasLocalLosses() {
            return false;
        }

        @Override
        public BoundRule bind(Network network, Optimizers optimizers, Scope scope, TrainingSet set) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void whatUsersWriteSaysItsClass() {
        assertThat(new OwnRule().signature().entries())
                .hasToString("{=mine, class=io.github.kib4j.train.SignatureTest$OwnRule}");
        TeachingSignal lambda = CLASSES::reside;
        assertThat(lambda.signature().entries())
                .as("by no address, which would be another in each process")
                .hasToString("{=lambda in io.github.kib4j.train.SignatureTest}");
    }
}
