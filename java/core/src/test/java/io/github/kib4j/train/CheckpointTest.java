package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.cases.TinyRun;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.Parameter;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of checkpoints: what is kept, what is refused, what survives damage. */
final class CheckpointTest {
    private static final List<String> FILES = List.of("state.json", "weights.safetensors", "optimizer.safetensors");
    private static final Shape IMAGE = Shape.of(2, 8, 8);

    @TempDir
    Path folder;

    private Device device;
    private Trainer trainer;

    @BeforeEach
    void start() {
        device = Devices.open("reference", 1).device();
        trainer = new Trainer(device, TinyRun.dataset(20, 4), config(TinyRun.phsic(), 6, 5, 7));
    }

    @AfterEach
    void stop() {
        trainer.close();
        device.close();
    }

    private static TrainingConfig config(Rule rule, int units, int batch, long seed) {
        NetworkSpec network = NetworkSpec.mlp(IMAGE, List.of(units), 4, LayerSpec.linear(1));
        OptimizerSpec adam = OptimizerSpec.adamW(0.01, 0);
        return new TrainingConfig(
                network, rule, adam, adam, new Schedule.Constant(), 9, batch, Precision.F32, seed, true);
    }

    private void saveAfterStep() throws IOException {
        trainer.trainEpoch((epoch, step, steps) -> false);
        trainer.save(folder);
    }

    private List<double[]> weights() {
        return trainer.network().parameters().stream()
                .map(Parameter::value)
                .map(value -> value.readDoubles())
                .toList();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    /** Writes the checkpoint's state as if this version or device had computed it. */
    private void setMaker(@Nullable String maker) throws IOException {
        Path file = folder.resolve("step-0/state.json");
        CheckpointState state = CheckpointState.parse(Files.readString(file));
        CheckpointState changed =
                new CheckpointState(state.identity(), state.progress(), state.weights(), state.optimizer(), maker);
        assertThat(CheckpointState.parse(changed.text()).maker()).isEqualTo(maker);
        Files.writeString(file, changed.text());
    }

    @Test
    void whoComputedItIsSaidWhereThatIsAnother() throws IOException {
        trainer.save(folder);
        assertThat(trainer.restore(folder)).isEmpty();
        setMaker("kib4j 0.0.1 on \"another\" device");
        assertThat(trainer.restore(folder))
                .singleElement()
                .asString()
                .contains("was computed by kib4j 0.0.1 on \"another\" device, and from here on by kib4j "
                        + Version.NUMBER + " on " + device.description());
        setMaker(null);
        assertThat(trainer.restore(folder)).as("of a version that did not say").isEmpty();
    }

    @Test
    void theNewestTwoAreKeptAndLeftoversRemoved() throws IOException {
        trainer.save(folder);
        assertThat(names()).containsExactly("step-0");
        saveAfterStep();
        Files.createDirectories(folder.resolve("step-9.new"));
        Files.writeString(folder.resolve("step-9.new/weights.safetensors"), "half");
        Files.createDirectories(folder.resolve("step-0.old"));
        Files.writeString(folder.resolve("mine.txt"), "is not touched");
        saveAfterStep();
        assertThat(names()).containsExactly("mine.txt", "step-1", "step-2");
        assertThat(folder.resolve("step-2"))
                .isDirectoryContaining("glob:**/state.json")
                .isDirectoryContaining("glob:**/weights.safetensors")
                .isDirectoryContaining("glob:**/optimizer.safetensors");
    }

    @Test
    void savingTheSameStepTwiceChangesNothing() throws IOException {
        saveAfterStep();
        TreeMap<String, String> before = content();
        Object key = Files.readAttributes(folder.resolve("step-1"), BasicFileAttributes.class)
                .fileKey();
        trainer.save(folder);
        assertThat(content()).isEqualTo(before);
        assertThat(Files.readAttributes(folder.resolve("step-1"), BasicFileAttributes.class)
                        .fileKey())
                .isEqualTo(key);
    }

    private TreeMap<String, String> content() throws IOException {
        TreeMap<String, String> content = new TreeMap<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                content.put(folder.relativize(file).toString(), Safetensors.sum(file));
                return FileVisitResult.CONTINUE;
            }
        });
        return content;
    }

    /** Every byte of the state, and bytes drawn from the others, each with a bit flipped; and files cut anywhere. */
    @Test
    void damageIsSeenAndTheCheckpointBeforeServes() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        saveAfterStep();
        saveAfterStep();
        List<double[]> newest = weights();
        for (String name : FILES) {
            Path file = folder.resolve("step-2").resolve(name);
            byte[] whole = Files.readAllBytes(file);
            IntStream places =
                    name.equals("state.json") ? IntStream.range(0, whole.length) : random.ints(300, 0, whole.length);
            for (int place : places.toArray()) {
                byte[] flipped = whole.clone();
                flipped[place] ^= (byte) (1 << random.nextInt(8));
                assertPassedOver(file, flipped, "bit of byte " + place + ", seed " + seed);
            }
            for (int cut : random.ints(20, 0, whole.length).toArray()) {
                assertPassedOver(file, Arrays.copyOf(whole, cut), "cut to " + cut + ", seed " + seed);
            }
            assertPassedOver(file, Arrays.copyOf(whole, whole.length + 1), "a byte added");
            Files.delete(file);
            assertThat(trainer.restore(folder)).hasSize(1);
            Files.write(file, whole);
        }
        assertThat(trainer.restore(folder)).isEmpty();
        assertThat(weights()).usingRecursiveComparison().isEqualTo(newest);
    }

    private void assertPassedOver(Path file, byte[] damaged, String how) throws IOException {
        Files.write(file, damaged);
        List<String> passedOver = trainer.restore(folder);
        assertThat(passedOver).as(file.getFileName() + ": " + how).hasSize(1);
        assertThat(passedOver.get(0)).startsWith("The file " + file + " is damaged: ");
        assertThat(trainer.step()).isEqualTo(1);
    }

    @Test
    void whatGoesOnFromTheOneBeforeReplacesTheDamaged() throws IOException {
        saveAfterStep();
        saveAfterStep();
        List<double[]> expected = weights();
        Files.writeString(folder.resolve("step-2/state.json"), "{}");
        trainer.restore(folder);
        saveAfterStep();
        assertThat(names()).containsExactly("step-1", "step-2");
        trainer.save(folder);
        assertThat(trainer.restore(folder)).isEmpty();
        assertThat(trainer.step()).isEqualTo(2);
        assertThat(weights()).usingRecursiveComparison().isEqualTo(expected);
        Files.move(folder.resolve("step-2"), folder.resolve("step-40"));
        Files.writeString(folder.resolve("step-40/state.json"), "{}");
        trainer.restore(folder);
        saveAfterStep();
        assertThat(names()).as("a damaged later one is given up").containsExactly("step-1", "step-2");
    }

    @Test
    void whenAllAreDamagedOneSentenceSaysWhat() throws IOException {
        assertThatThrownBy(() -> trainer.restore(folder.resolve("nowhere")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("There is no checkpoint in " + folder.resolve("nowhere"));
        saveAfterStep();
        List<double[]> before = weights();
        Path file = folder.resolve("step-1/weights.safetensors");
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 77));
        assertThatThrownBy(() -> trainer.restore(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessage("The file " + file + " is damaged: its SHA-256 sum is not the one that was saved with it."
                        + " Use another checkpoint, or train anew.");
        Files.delete(file);
        assertThatThrownBy(() -> trainer.restore(folder)).hasMessageContaining(file + " is damaged: it is missing");
        assertThat(weights()).as("unchanged").usingRecursiveComparison().isEqualTo(before);
    }

    @Test
    void checkpointsOfAnotherRunAreRefused() throws IOException {
        saveAfterStep();
        Dataset same = TinyRun.dataset(20, 4);
        assertRefused("network: ", same, config(TinyRun.phsic(), 7, 5, 7));
        assertRefused("rule: phsic ", same, config(new BackpropRule(), 6, 5, 7));
        assertRefused("batch: 5, not 4", same, config(TinyRun.phsic(), 6, 4, 7));
        assertRefused("seed: 7, not 8", same, config(TinyRun.phsic(), 6, 5, 8));
        assertRefused("data set", TinyRun.dataset(24, 4), config(TinyRun.phsic(), 6, 5, 7));
        TrainingConfig adam = config(TinyRun.phsic(), 6, 5, 7);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 0);
        assertRefused(
                "network or optimizer: it has local.",
                same,
                new TrainingConfig(
                        adam.network(), adam.rule(), sgd, sgd, adam.schedule(), 9, 5, Precision.F32, 7, true));
    }

    private void assertRefused(String what, Dataset dataset, TrainingConfig config) {
        try (Trainer other = new Trainer(device, dataset, config)) {
            assertThatThrownBy(() -> other.restore(folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith("The checkpoint in " + folder.resolve("step-1") + " is of another " + what)
                    .hasMessageEndingWith(
                            "; continue it with its own settings and data, or start a new run in another folder.");
            assertThat(other.step()).isZero();
        }
    }
}
