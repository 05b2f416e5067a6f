package io.github.kib4j.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What judgements, views and pictures say of a batch. */
final class TeachingWithoutLabelsTest {
    private static final long SEED = Long.getLong("kib4j.seed", 20);
    private static final int IMAGES = 200;
    private static final int BATCH = 64;

    private final Device device = Devices.open("reference", 1).device();
    private final Scope scope = device.newScope("test");
    private final Random random = new Random(SEED);
    private final int[] labels = random.ints(IMAGES, 0, 5).toArray();

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private TrainingSet set(Shape image, int views) {
        byte[] pixels = new byte[Math.toIntExact(IMAGES * image.size())];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 37);
        }
        return new TrainingSet(image, IMAGES, views, BATCH, () -> i -> (pixels[i] & 0xFF) / 255.0, () -> labels);
    }

    /** Returns what a batch is taught by, its rows one after the other. */
    private double[] batch(TeachingSignal signal, TrainingSet set, int[] order, int position, int size) {
        TeachingSignal.Resident resident = signal.reside(device, scope, set);
        Clock clock = Clock.allocate(scope);
        clock.now().write(new long[] {0, 0, position, 0});
        Tensor sequence = scope.allocate(DataType.I32, Shape.of(order.length));
        sequence.write(order);
        Workspace workspace = device.newWorkspace(scope);
        TeachingSignal.Batch batch =
                resident.batch(workspace, scope.allocate(DataType.I32, Shape.of(size)), sequence, clock);
        workspace.keep(batch.teaching().tensor());
        resident.startEpoch(order);
        List<Step> steps = batch.operations().stream()
                .map(operation -> Step.main(Phase.DATA, operation))
                .toList();
        device.compile(workspace, steps).run();
        return batch.teaching().tensor().readDoubles();
    }

    private int[] order(int views) {
        List<Integer> images =
                new ArrayList<>(IntStream.range(0, IMAGES).boxed().toList());
        Collections.shuffle(images, random);
        return IntStream.range(0, views * IMAGES)
                .map(i -> images.get(i / views) + i % views * IMAGES)
                .toArray();
    }

    @Test
    void judgementsWithoutErrorAreTheLabels() {
        int[] order = order(1);
        double[] said = batch(TeachingSignals.judgements(0, 0, SEED), set(Shape.of(1, 4, 4), 1), order, 128, BATCH);
        for (int i = 0; i < BATCH; i++) {
            for (int j = 0; j < BATCH; j++) {
                boolean same = labels[order[128 + i]] == labels[order[128 + j]];
                assertThat(said[i * BATCH + j]).as("seed " + SEED).isEqualTo(same ? 1 : 0);
            }
        }
    }

    /** Of 2016 pairs a part is wrong, and what nothing is said of has the mean, of the rest and so of all. */
    @Test
    void aPartOfJudgementsIsWrongAndOneIsUnknown() {
        int[] order = order(1);
        TeachingSignal signal = TeachingSignals.judgements(0.2, 0.3, SEED);
        double[] said = batch(signal, set(Shape.of(1, 4, 4), 1), order, 64, BATCH);
        double mean = Arrays.stream(said).average().orElseThrow();
        int wrong = 0;
        int unknown = 0;
        for (int i = 0; i < BATCH; i++) {
            assertThat(said[i * BATCH + i]).as("an image is like itself").isEqualTo(1);
            for (int j = 0; j < i; j++) {
                double value = said[i * BATCH + j];
                assertThat(value).as("seed " + SEED).isEqualTo(said[j * BATCH + i]);
                boolean same = labels[order[64 + i]] == labels[order[64 + j]];
                if (value == 0 || value == 1) {
                    wrong += (value == 1) == same ? 0 : 1;
                } else {
                    assertThat(value).as("the mean, seed " + SEED).isCloseTo(mean, within(1e-6));
                    unknown++;
                }
            }
        }
        double pairs = BATCH * (BATCH - 1) / 2.0;
        assertThat(wrong / pairs).as("5 deviations, seed " + SEED).isCloseTo(0.2, within(0.045));
        assertThat(unknown / pairs).as("5 deviations, seed " + SEED).isCloseTo(0.3, within(0.052));
    }

    /** The same is said of two images wherever they meet, and of views what is said of their images. */
    @Test
    void judgementsAreOfTwoImages() {
        TeachingSignal signal = TeachingSignals.judgements(0.3, 0, SEED);
        int[] order = order(1);
        double[] once = batch(signal, set(Shape.of(1, 4, 4), 1), order, 0, BATCH);
        int[] views = new int[2 * IMAGES];
        for (int i = 0; i < views.length; i++) {
            views[i] = order[BATCH / 2 - 1 - i / 2 < 0 ? i / 2 : BATCH / 2 - 1 - i / 2] + i % 2 * IMAGES;
        }
        double[] twice = batch(signal, set(Shape.of(1, 4, 4), 2), views, 0, BATCH);
        for (int i = 0; i < BATCH; i++) {
            for (int j = 0; j < BATCH; j++) {
                int one = BATCH / 2 - 1 - i / 2;
                int other = BATCH / 2 - 1 - j / 2;
                assertThat(twice[i * BATCH + j]).as("seed " + SEED).isEqualTo(once[one * BATCH + other]);
            }
        }
    }

    @Test
    void partsThatAreNoneAreRefused() {
        for (double[] parts : new double[][] {{-0.1, 0}, {0, -0.1}, {0.5, 0.5}, {Double.NaN, 0}}) {
            assertThatThrownBy(() -> TeachingSignals.judgements(parts[0], parts[1], 1))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("The flipped and the unknown part of judgements must be at least 0 and less than 1"
                            + " together, but are " + parts[0] + " and " + parts[1] + ".");
        }
    }

    /** In a whole batch, and in the short last one. */
    @Test
    void viewsOfAnImageAreSimilar() {
        int[] order = order(2);
        for (int[] part : new int[][] {{BATCH, BATCH}, {6 * BATCH, 2 * IMAGES - 6 * BATCH}}) {
            double[] said = batch(TeachingSignals.views(), set(Shape.of(1, 4, 4), 2), order, part[0], part[1]);
            for (int i = 0; i < part[1]; i++) {
                for (int j = 0; j < part[1]; j++) {
                    boolean same = order[part[0] + i] % IMAGES == order[part[0] + j] % IMAGES;
                    assertThat(said[i * part[1] + j]).as("seed " + SEED).isEqualTo(same ? 1 : 0);
                }
            }
        }
    }

    /** Of 2 x 5 x 6 pixels windows of 4 leave 2 x 2 x 2 means, those at the ends of fewer pixels. */
    @Test
    void picturesAreMeansOfWindows() {
        Shape image = Shape.of(2, 5, 6);
        TeachingSignal signal = TeachingSignals.pictures(image, 4, Kernel.LINEAR, false);
        assertThat(signal.outputs()).isEqualTo(8);
        TrainingSet set = set(image, 2);
        IntToDoubleFunction values = set.values().get();
        int[] order = order(2);
        double[] targets = batch(signal, set, order, 64, 10);
        int[][] windows = {{0, 4, 0, 4}, {0, 4, 4, 6}, {4, 5, 0, 4}, {4, 5, 4, 6}};
        for (int b = 0; b < 10; b++) {
            for (int k = 0; k < 8; k++) {
                int[] window = windows[k % 4];
                double sum = 0;
                for (int h = window[0]; h < window[1]; h++) {
                    for (int w = window[2]; w < window[3]; w++) {
                        sum += values.applyAsDouble(((order[64 + b] % IMAGES * 2 + k / 4) * 5 + h) * 6 + w);
                    }
                }
                double area = (window[1] - window[0]) * (window[3] - window[2]);
                assertThat(targets[b * 8 + k]).as("single precision").isCloseTo(sum / area, within(1e-7));
            }
        }
        assertThatThrownBy(() -> signal.reside(device, scope, set(Shape.of(1, 4, 4), 1)))
                .isInstanceOf(RefusedException.class)
                .hasMessage("Targets are to be made of images of 2 x 5 x 6, but these are 1 x 4 x 4.");
    }
}
