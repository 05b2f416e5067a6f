package io.github.kib4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.files.Sha256;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import io.github.kib4j.train.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
        CheckpointState changed = new CheckpointState(
                state.format(), state.identity(), state.progress(), state.weights(), null, state.optimizer(), maker);
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
                content.put(folder.relativize(file).toString(), Sha256.of(file));
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
        assertRefused("run: network.hidden.1.units is 6 there and 7 here", same, config(TinyRun.phsic(), 7, 5, 7));
        try (Trainer other = new Trainer(device, same, config(TinyRun.phsic(), 7, 5, 7));
                Trainer evaluated = new Trainer(device, same, config(new BackpropRule(), 6, 4, 8))) {
            List<String> names = same.test().classNames();
            assertThatThrownBy(() -> Checkpoint.readWeights(folder, other.network(), names))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("of another run: network.hidden.1.units is 6 there and 7 here;");
            Checkpoint.readWeights(folder, evaluated.network(), names);
            assertThat(evaluated.evaluate())
                    .as("weights need but their network")
                    .isEqualTo(trainer.evaluate());
        }
        assertRefused("run: rule is phsic there and backprop here", same, config(new BackpropRule(), 6, 5, 7));
        assertRefused("run: batch is 5 there and 4 here", same, config(TinyRun.phsic(), 6, 4, 7));
        assertRefused("run: seed is 7 there and 8 here", same, config(TinyRun.phsic(), 6, 5, 8));
        assertRefused("data set", TinyRun.dataset(24, 4), config(TinyRun.phsic(), 6, 5, 7));
        TrainingConfig adam = config(TinyRun.phsic(), 6, 5, 7);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 0);
        assertRefused(
                "run: optimizer.local.learningRate is 0.01 there and 0.1 here",
                same,
                new TrainingConfig(
                        adam.network(), adam.rule(), sgd, sgd, adam.schedule(), 9, 5, Precision.F32, 7, true));
        assertRefused(
                "run: precision is F32 there and BF16 here",
                same,
                new TrainingConfig(
                        adam.network(),
                        adam.rule(),
                        adam.local(),
                        adam.readout(),
                        adam.schedule(),
                        9,
                        5,
                        Precision.BF16,
                        7,
                        true));
    }

    /** What teaches is part of a run, as far as it says what it is: of users' own signals and rules, the class. */
    @Test
    void checkpointsOfAnotherTeachingSignalAreRefused() throws IOException {
        saveAfterStep();
        Dataset same = TinyRun.dataset(20, 4);
        LocalRule phsic = (LocalRule) TinyRun.phsic();
        TeachingSignal linear = TeachingSignals.classes(4, Kernel.LINEAR, true);
        TeachingSignal similarity = TeachingSignals.similarity((i, j) -> i % 4 == j % 4 ? 1 : 0);
        TeachingSignal own = (device, scope, set) -> linear.reside(device, scope, set);
        assertRefused("run: rule.teaching.kernel.kind is COSINE there and LINEAR here", same, taught(phsic, linear));
        assertRefused("run: rule.teaching is classes there and similarity here", same, taught(phsic, similarity));
        String lambda = "lambda in " + CheckpointTest.class.getName();
        assertRefused("run: rule.teaching is classes there and " + lambda + " here", same, taught(phsic, own));
        try (Trainer first = new Trainer(device, same, taught(phsic, own));
                Trainer next = new Trainer(device, same, taught(phsic, own))) {
            first.trainEpoch((epoch, step, steps) -> step < 2);
            first.save(folder);
            assertThat(next.restore(folder)).isEmpty();
        }
    }

    private static TrainingConfig taught(LocalRule rule, TeachingSignal signal) {
        return config(new LocalRule(rule.name(), rule.objective(), signal), 6, 5, 7);
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

    /** The corners data set with other names of its four classes, or more of them. */
    private static Dataset named(List<String> names) {
        Dataset corners = TinyRun.dataset(20, 4);
        return new Dataset(
                corners.name(),
                named(corners.train(), names),
                named(corners.test(), names),
                corners.mean(),
                corners.deviation(),
                corners.padding(),
                corners.flip());
    }

    private static ImageSet named(ImageSet images, List<String> names) {
        return new ImageSet(images.name(), images.image(), images.pixels(), images.labels(), names);
    }

    private static TrainingConfig config(int classes) {
        NetworkSpec network = NetworkSpec.mlp(IMAGE, List.of(6), classes, LayerSpec.linear(1));
        OptimizerSpec adam = OptimizerSpec.adamW(0.01, 0);
        return new TrainingConfig(
                network, new BackpropRule(), adam, adam, new Schedule.Constant(), 9, 5, Precision.F32, 7, true);
    }

    private void assertOtherClasses(Dataset dataset, TrainingConfig config, String learned, String has) {
        try (Trainer other = new Trainer(device, dataset, config)) {
            String sentence = "The checkpoint in " + folder.resolve("step-0") + " learned " + learned
                    + ", but the data have " + has
                    + "; give it data of its own classes, or start a new run in another folder.";
            assertThatThrownBy(() -> other.restore(folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage(sentence);
            assertThatThrownBy(() -> Checkpoint.readWeights(
                            folder, other.network(), dataset.test().classNames()))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage(sentence);
        }
    }

    @Test
    void classesOfOtherNamesOrInAnotherOrderAreRefusedWithBothLists() throws IOException {
        trainer.save(folder);
        for (List<String> names :
                List.of(List.of("a", "b", "c", "D"), List.of("b", "a", "c", "d"), List.of("a", "b", "c", "d", "e"))) {
            assertOtherClasses(
                    named(names),
                    config(names.size()),
                    "the classes [a, b, c, d]",
                    "the classes [" + String.join(", ", names) + "]");
        }
    }

    @Test
    void ofManyClassesThoseFromTheFirstDifferenceOnAreListed() throws IOException {
        List<String> names = IntStream.range(0, 40).mapToObj(i -> "class" + i).toList();
        List<String> others =
                names.stream().map(name -> name.replace("35", "thirty-five")).toList();
        try (Trainer many = new Trainer(device, named(names), config(40))) {
            many.save(folder);
        }
        assertOtherClasses(
                named(others),
                config(40),
                "40 classes, with [class35, class36, class37, class38, class39] as labels 35 to 39",
                "40 classes, with [classthirty-five, class36, class37, class38, class39] as labels 35 to 39");
    }

    private Path copySample(String format, String step) throws IOException {
        Path copied = Files.createDirectory(folder.resolve(step));
        for (String name : FILES) {
            try (InputStream in = CheckpointTest.class.getResourceAsStream(format + "/" + step + "/" + name)) {
                Files.copy(Objects.requireNonNull(in), copied.resolve(name));
            }
        }
        return copied;
    }

    /** A checkpoint that commit 569bc6d has written in the midst of an epoch, and what its run came to. */
    @Test
    void checkpointsOfFormat3AreReadAndTrainedOn() throws IOException {
        Path old = copySample("format-3", "step-6");
        try (Trainer run = new Trainer(device, TinyRun.dataset(20, 4), grouped(TinyRun.phsic()))) {
            assertThat(run.restore(folder))
                    .as("of this version or another")
                    .allMatch(note -> note.startsWith("Note: "));
            assertThat(run.step()).isEqualTo(6);
            assertThat(Files.readString(old.resolve("state.json"))).contains("\"format\": 3,");
            run.trainEpoch(StepListener.NONE);
            run.save(folder);
            assertThat(Files.readString(folder.resolve("step-8/state.json"))).contains("\"format\": 4,");
            run.trainEpoch(StepListener.NONE);
            assertThat(run.evaluate().loss()).isCloseTo(1.4501204737073479, within(1e-12));
            assertThat(run.lastEpoch().localLosses().get(1)).isCloseTo(0.1833686622314148, within(1e-12));
        }
    }

    /** Old formats named network, rule, batch and seed; what they did not name is taken to be the same. */
    @Test
    void whatOldFormatsNamedIsStillCompared() throws IOException {
        copySample("format-3", "step-6");
        LocalRule phsic = (LocalRule) TinyRun.phsic();
        ObjectiveOps.Spec gamma = new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 1.5);
        TrainingConfig own = grouped(phsic);
        LayerSpec first = own.network().hidden().get(0);
        LayerSpec second = own.network().hidden().get(1).withDropout(new Dropout(0.2, false));
        NetworkSpec network = new NetworkSpec(IMAGE, List.of(first, second), 4);
        assertOldRefused("run: rule is phsic there and backprop here", grouped(new BackpropRule()));
        assertOldRefused(
                "run: rule.objective.gamma is 2.0 there and 1.5 here",
                grouped(new LocalRule("phsic", LocalObjective.of(gamma), phsic.teaching())));
        assertOldRefused(
                "run: network.hidden.2.dropout.rate is 0.1 there and 0.2 here",
                TinyRun.config(phsic, network, 3, 5, 0.01));
        assertOldRefused(
                "run: network.hidden.1.grouping.delta is 1.0 there and not set here",
                TinyRun.config(phsic, NetworkSpec.mlp(IMAGE, List.of(8, 8), 4, first.withGrouping(null)), 3, 5, 0.01));
        assertOldRefused(
                "run: network.depth is 2 there and 1 here",
                TinyRun.config(phsic, new NetworkSpec(IMAGE, List.of(first), 4), 3, 5, 0.01));
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 0);
        TrainingConfig otherwise = new TrainingConfig(
                own.network(), phsic, sgd, sgd, own.schedule(), 3, 5, own.precision(), own.seed(), true);
        assertOldRefused("network or optimizer: it has ", otherwise);
        TrainingConfig faster = TinyRun.config(phsic, own.network(), 3, 5, 0.02);
        try (Trainer run = new Trainer(device, TinyRun.dataset(20, 4), faster)) {
            run.restore(folder);
            assertThat(run.step()).as("learning rates were not named").isEqualTo(6);
        }
    }

    private void assertOldRefused(String how, TrainingConfig config) {
        try (Trainer other = new Trainer(device, TinyRun.dataset(20, 4), config)) {
            assertThatThrownBy(() -> other.restore(folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageStartingWith("The checkpoint in " + folder.resolve("step-6") + " is of another " + how);
        }
    }

    private static TrainingConfig grouped(Rule rule) {
        LayerSpec style = LayerSpec.linear(1)
                .withBatchNorm(true)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2))
                .withDropout(new Dropout(0.1, false));
        return TinyRun.config(rule, NetworkSpec.mlp(IMAGE, List.of(8, 8), 4, style), 3, 5, 0.01);
    }

    /** A checkpoint that commit 12b008e has written, when states had no names of classes. */
    @Test
    void checkpointsOfFormat2AreReadAndSavedWithNames() throws IOException {
        Path old = copySample("format-2", "step-2");
        byte[] pixels = new byte[24];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i * 37);
        }
        ImageSet images =
                new ImageSet("tiny", Shape.of(1, 2, 2), pixels, new int[] {0, 1, 0, 1, 0, 1}, List.of("no", "yes"));
        Dataset dataset = new Dataset("tiny", images, images, List.of(0.5), List.of(0.5), 0, false);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.1, 0.9, 0);
        NetworkSpec network = NetworkSpec.mlp(images.image(), List.of(3), 2, LayerSpec.linear(1));
        TrainingConfig config = new TrainingConfig(
                network, new BackpropRule(), sgd, sgd, new Schedule.Constant(), 2, 3, Precision.F32, 1, true);
        try (Trainer run = new Trainer(device, dataset, config)) {
            assertThat(run.restore(folder))
                    .as("of this version or another")
                    .allMatch(note -> note.startsWith("Note: "));
            assertThat(run.step()).isEqualTo(2);
            SavedModel model = Checkpoint.readModel(folder);
            assertThat(model.network()).isEqualTo(network);
            assertThat(model.names()).containsExactly("0", "1");
            assertThatThrownBy(() -> Model.load(device, model))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage("The checkpoint in " + old
                            + " is of a version that did not save how samples are normalized; go on with its run for"
                            + " another epoch, which saves it, or give it (SavedModel.withInput).");
            Input input = new Input(images.image(), DataType.U8, List.of(0.5), List.of(0.5));
            try (Model given = Model.load(device, model.withInput(input))) {
                assertThat(given.predict(Samples.ofBytes(pixels))).hasSize(6);
            }
            assertThat(run.evaluate().loss()).isCloseTo(0.7006430659282867, within(1e-12));
            assertThat(Files.readString(old.resolve("state.json"))).contains("\"format\": 2,");
            run.trainEpoch(StepListener.NONE);
            run.save(folder);
            assertThat(Files.readString(folder.resolve("step-4/state.json")))
                    .contains("\"format\": 4,", "\"classes\": [\"no\", \"yes\"]");
            assertThat(Checkpoint.readModel(folder).input()).isEqualTo(input);
        }
    }

    /** Samples that are normalized otherwise are others, though their bytes are the same. */
    @Test
    void anotherNormalizationIsAnotherRun() throws IOException {
        saveAfterStep();
        Dataset own = TinyRun.dataset(20, 4);
        Dataset other = new Dataset(
                own.name(), own.train(), own.test(), List.of(0.5, 0.4), own.deviation(), own.padding(), own.flip());
        try (Trainer run = new Trainer(device, other, config(TinyRun.phsic(), 6, 5, 7))) {
            assertThatThrownBy(() -> run.restore(folder))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("is of another data set: samples are normalized by the means [0.5, 0.5]")
                    .hasMessageContaining("not by [0.5, 0.4]");
        }
    }

    @Test
    void whatAKillLeftBesideTheNewestTwoIsCleanedAway() throws IOException {
        for (int i = 0; i < 4; i++) {
            saveAfterStep();
        }
        for (String kept : List.of("step-1", "step-2", "step-40")) {
            copy(folder.resolve("step-3"), folder.resolve(kept));
        }
        for (String half : List.of("step-5.new", "step-1.old")) {
            copy(folder.resolve("step-3"), folder.resolve(half));
            Files.delete(folder.resolve(half).resolve("state.json"));
        }
        Files.writeString(folder.resolve("step-40/state.json"), "{}");
        trainer.restore(folder);
        Checkpoint.clean(folder, trainer.step());
        assertThat(names())
                .as("the damaged newer one stays until it is written anew")
                .containsExactly("step-3", "step-4", "step-40");
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        for (String name : FILES) {
            Files.copy(from.resolve(name), to.resolve(name));
        }
    }

    @Test
    void aNewRunBeginsFromGivenWeights() throws IOException {
        saveAfterStep();
        List<double[]> trained = weights();
        double loss = trainer.evaluate().loss();
        Path file = folder.resolve("step-1/weights.safetensors");
        try (Trainer other = new Trainer(device, TinyRun.dataset(24, 4), config(TinyRun.phsic(), 6, 4, 99))) {
            assertThat(other.evaluate().loss()).isNotEqualTo(loss);
            other.begin(file);
            assertThat(other.evaluate().loss()).isEqualTo(loss);
            assertThat(other.network().parameters().stream()
                            .map(parameter -> parameter.value().readDoubles())
                            .toList())
                    .usingRecursiveComparison()
                    .isEqualTo(trained);
            assertThat(other.step()).isZero();
            other.trainEpoch((epoch, step, steps) -> false);
            assertThatThrownBy(() -> other.begin(file)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void weightsOfAnotherNetworkOrNoNumbersAreRefused() throws IOException {
        saveAfterStep();
        Path file = folder.resolve("step-1/weights.safetensors");
        Map<String, Safetensors.Array> own = Safetensors.read(file);
        List<double[]> before = weights();
        try (Trainer other = new Trainer(device, TinyRun.dataset(20, 4), config(TinyRun.phsic(), 7, 5, 7))) {
            assertThatThrownBy(() -> other.begin(file))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage("The weights in " + file
                            + " are of another network: hidden_layers.0.layer.weight is 6 x 128, not 7 x 128"
                            + "; give weights of the same network, or train anew.");
        }
        try (Trainer fresh = new Trainer(device, TinyRun.dataset(20, 4), config(TinyRun.phsic(), 6, 5, 7))) {
            Map<String, Safetensors.Array> more = new LinkedHashMap<>(own);
            more.putAll(Safetensors.read(folder.resolve("step-1/optimizer.safetensors")));
            Path both = folder.resolve("both.safetensors");
            Safetensors.write(both, more);
            fresh.begin(both);
            more.put("hidden_layers.1.layer.weight", own.get("softmax_layer.bias"));
            Safetensors.write(both, more);
            assertThatThrownBy(() -> fresh.begin(both))
                    .hasMessageContaining("it has hidden_layers.1.layer.weight, which this run has not");
            more.remove("hidden_layers.1.layer.weight");
            more.remove("softmax_layer.bias");
            Safetensors.write(both, more);
            assertThatThrownBy(() -> fresh.begin(both)).hasMessageContaining("softmax_layer.bias is missing, not 4");
            more.putAll(own);
            more.get("softmax_layer.bias").data().order(ByteOrder.LITTLE_ENDIAN).putDouble(8, Double.NaN);
            Safetensors.write(both, more);
            assertThatThrownBy(() -> fresh.begin(both))
                    .hasMessageContaining("are not all finite numbers (softmax_layer.bias)");
            assertThat(fresh.network().parameters().stream()
                            .map(parameter -> parameter.value().readDoubles())
                            .toList())
                    .as("unchanged since the last that fitted")
                    .usingRecursiveComparison()
                    .isEqualTo(before);
        }
    }
}
