package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.op.Decisions.Decision;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Which plan is taken, and that it stays. */
@ExtendWith(EmulatedDevice.class)
class ConvolutionChoicesTest {
    private static final ConvolutionTask GRADIENT = new ConvolutionTask(
            Direction.WEIGHT_GRADIENT, 2, 16, 8, 8, 16, 3, DataType.BF16, DataType.F32, DataType.F32, false);
    private static final ConvolutionTask SINGLE = new ConvolutionTask(
            Direction.WEIGHT_GRADIENT, 2, 16, 8, 8, 16, 3, DataType.F32, DataType.F32, DataType.F32, false);
    private static final ConvolutionTask FORWARD = new ConvolutionTask(
            Direction.FORWARD, 2, 16, 8, 8, 16, 3, DataType.BF16, DataType.F32, DataType.BF16, false);

    @TempDir
    private Path folder;

    private Path path() {
        return folder.resolve("cache").resolve("convolutions");
    }

    private static void onLibraries(Consumer<ConvolutionCandidates> body) {
        ConvolutionPlanTest.onLibraries(SinglePrecision.F32, body);
    }

    private static ConvolutionChoices choices(ConvolutionCandidates all, ConvolutionFamily wanted) {
        return new ConvolutionChoices(all, wanted, null, null);
    }

    @Test
    void theFirstWhereNothingIsMeasured() {
        onLibraries(all -> {
            ConvolutionChoices choices = choices(all, ConvolutionFamily.AUTO);
            assertThat(choices.plan(SINGLE).name())
                    .isEqualTo("cudnn algorithm 1")
                    .isEqualTo(all.of(SINGLE).get(0).name());
            assertThat(choices.plan(SINGLE)).isSameAs(choices.plan(SINGLE));
            assertThat(choices.decisions().made())
                    .extracting(Decision::toString)
                    .containsExactly("weight gradient 3x3 16->16 8x8 batch 2 F32: cudnn algorithm 1, not measured");
        });
    }

    /** This cuDNN gives a gradient of filters from bfloat16 images in bfloat16. */
    @Test
    void nothingIsRoundedUnasked() {
        onLibraries(all -> {
            assertThat(all.of(GRADIENT).get(0).rounds()).isTrue();
            assertThat(choices(all, ConvolutionFamily.AUTO).plan(GRADIENT).name())
                    .isEqualTo("shifted by rows, algorithm 0");
            assertThat(choices(all, ConvolutionFamily.WINDOWS).plan(GRADIENT).name())
                    .isEqualTo("shifted by rows, algorithm 0");
            assertThat(choices(all, ConvolutionFamily.CUDNN).plan(GRADIENT).name())
                    .isEqualTo("cudnn algorithm 1, rounded to BF16");
        });
    }

    @Test
    void theFamilyThatIsWantedWhereThereIsOne() {
        onLibraries(all -> {
            ConvolutionChoices choices = choices(all, ConvolutionFamily.of("shifted"));
            assertThat(choices.plan(GRADIENT).family()).isEqualTo(ConvolutionFamily.SHIFTED);
            assertThat(choices.plan(FORWARD).family()).isEqualTo(ConvolutionFamily.CUDNN);
        });
        assertThatThrownBy(() -> ConvolutionFamily.of("fast"))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "The cuda device's setting 'convolution' is one of auto, cudnn, padded, shifted, windows, matrix,"
                                + " not 'fast'.");
    }

    /** The emulated device has no clock that says anything; that every plan runs on random numbers, it does say. */
    @Test
    void allPlansAreMeasured() {
        onLibraries(all -> {
            List<ConvolutionPlan> plans = all.of(GRADIENT);
            Map<String, Double> microseconds = new ConvolutionTimer().microseconds(GRADIENT, plans);
            assertThat(microseconds.keySet())
                    .containsExactlyInAnyOrderElementsOf(
                            plans.stream().map(ConvolutionPlan::name).toList());
            assertThat(microseconds.values()).allMatch(time -> time >= 0);
        });
    }

    /** A device of 2 GB has no room for these images. */
    @Test
    void whatHasNoRoomIsNotMeasured() {
        ConvolutionTask large = new ConvolutionTask(
                Direction.FORWARD, 1 << 14, 64, 64, 64, 8, 3, DataType.F32, DataType.F32, DataType.F32, false);
        onLibraries(all -> {
            ConvolutionChoices choices =
                    new ConvolutionChoices(all, ConvolutionFamily.AUTO, null, new ConvolutionTimer());
            assertThat(choices.plan(large).name())
                    .isEqualTo(all.of(large).get(0).name());
            assertThat(choices.decisions().made()).singleElement().asString().endsWith(", not measured");
        });
    }

    /** A plan that does nothing, or refuses. */
    private record Fake(String name, long scratchBytes, boolean isThere) implements ConvolutionPlan {
        @Override
        public ConvolutionFamily family() {
            return ConvolutionFamily.CUDNN;
        }

        @Override
        public boolean rounds() {
            return false;
        }

        @Override
        public Runnable bind(Memory memory, Queue queue) {
            return () -> {
                if (!isThere) {
                    throw new UnsupportedException(name);
                }
            };
        }
    }

    /** On images of more numbers than are drawn. */
    @Test
    void whatTheLibraryLacksOrHasNoRoomForIsPassedOver() {
        ConvolutionTask task = new ConvolutionTask(
                Direction.FORWARD, 64, 16, 16, 17, 32, 3, DataType.F32, DataType.F32, DataType.F32, false);
        List<ConvolutionPlan> plans = List.of(
                new Fake("too large", 1L << 40, true),
                new Fake("not there", 0, false),
                new Fake("there", 1 << 21, true));
        CudaBackend.load();
        assertThat(new ConvolutionTimer().microseconds(task, plans)).containsOnlyKeys("there");
        assertThat(new UnsupportedException("cuDNN's algorithm 7"))
                .hasMessage(
                        "cuDNN's algorithm 7 is offered by the library, but not there; have convolutions computed in"
                                + " another way.");
    }

    @Test
    void choicesAreOfACardAndItsLibraries() {
        CudaBackend.load();
        assertThat(CudaProduct.device(new CudaCard(0, "a card", 90, 80L << 30)))
                .matches("a card, compute capability 9\\.0, cuBLASLt 13\\.\\d+\\.\\d+, cuDNN 9\\.\\d+\\.\\d+");
        assertThat(ConvolutionFile.ofUser()).endsWithRaw(Path.of("kib4j", "convolutions"));
    }

    @Test
    void aChoiceIsKept() {
        onLibraries(all -> {
            ConvolutionChoices measured = new ConvolutionChoices(
                    all, ConvolutionFamily.AUTO, new ConvolutionFile(path(), "card"), new ConvolutionTimer());
            String plan = measured.plan(GRADIENT).name();
            assertThat(measured.decisions().made())
                    .singleElement()
                    .asString()
                    .contains(plan)
                    .contains(" us, ");
            ConvolutionChoices later =
                    new ConvolutionChoices(all, ConvolutionFamily.AUTO, new ConvolutionFile(path(), "card"), null);
            assertThat(later.plan(GRADIENT).name()).isEqualTo(plan);
            assertThat(later.decisions().made()).isEqualTo(measured.decisions().made());
        });
    }

    /** Planning without memory chooses nothing: it counts the plan that is known, else the one that needs most. */
    @Test
    void scratchMemoryIsKnownBeforeAnythingIsChosen() {
        onLibraries(all -> {
            List<ConvolutionPlan> plans = all.of(SINGLE);
            long most = plans.stream()
                    .mapToLong(ConvolutionPlan::scratchBytes)
                    .max()
                    .orElseThrow();
            ConvolutionPlan first = plans.get(0);
            assertThat(most).isGreaterThan(first.scratchBytes());
            ConvolutionChoices unmeasured = choices(all, ConvolutionFamily.AUTO);
            assertThat(unmeasured.scratchBytes(SINGLE)).isEqualTo(first.scratchBytes());
            ConvolutionChoices open = new ConvolutionChoices(all, ConvolutionFamily.AUTO, null, new ConvolutionTimer());
            assertThat(open.scratchBytes(SINGLE)).isEqualTo(most);
            assertThat(open.decisions().made()).isEmpty();
            ConvolutionPlan chosen = open.plan(SINGLE);
            assertThat(open.scratchBytes(SINGLE)).isEqualTo(chosen.scratchBytes());
            write("card", SINGLE + " F32 auto", first.name(), "12.5");
            assertThat(new ConvolutionChoices(
                                    all,
                                    ConvolutionFamily.AUTO,
                                    new ConvolutionFile(path(), "card"),
                                    new ConvolutionTimer())
                            .scratchBytes(SINGLE))
                    .isEqualTo(first.scratchBytes());
        });
    }

    private static String last(ConvolutionCandidates all) {
        List<ConvolutionPlan> plans = all.of(GRADIENT);
        return plans.get(plans.size() - 1).name();
    }

    private void write(String... fields) {
        try {
            Files.createDirectories(path().getParent());
            Files.writeString(
                    path(), String.join("\t", fields) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatIsKeptCountsWhateverIsFaster() {
        onLibraries(all -> {
            String last = last(all);
            String first = "shifted by rows, algorithm 0";
            write("card", GRADIENT + " F32 auto", last, "12.5");
            write("other card", GRADIENT + " F32 auto", first, "1.0");
            write("card", GRADIENT + " F32 auto", first);
            write("card", GRADIENT + " F32 auto", first, "fast");
            ConvolutionFile file = new ConvolutionFile(path(), "card");
            ConvolutionChoices choices =
                    new ConvolutionChoices(all, ConvolutionFamily.AUTO, file, new ConvolutionTimer());
            assertThat(choices.plan(GRADIENT).name()).isEqualTo(last);
            assertThat(choices.decisions().made()).singleElement().asString().contains("12.5 us");
            assertThat(file.problem()).isEmpty();
        });
    }

    @Test
    void whatIsNoLongerOfferedIsChosenAnew() {
        onLibraries(all -> {
            write("card", GRADIENT + " F32 auto", "cudnn algorithm 99", "12.5");
            String first = "shifted by rows, algorithm 0";
            ConvolutionFile file = new ConvolutionFile(path(), "card");
            assertThat(new ConvolutionChoices(all, ConvolutionFamily.AUTO, file, null)
                            .plan(GRADIENT)
                            .name())
                    .isEqualTo(first);
            assertThat(new ConvolutionFile(path(), "card").choice(GRADIENT + " F32 auto"))
                    .hasValueSatisfying(choice -> assertThat(choice.plan()).isEqualTo(first));
        });
    }

    @Test
    void aChoiceThatAnotherProcessKeptMeanwhileIsTaken() {
        onLibraries(all -> {
            ConvolutionFile file = new ConvolutionFile(path(), "card");
            String last = last(all);
            write("card", GRADIENT + " F32 auto", last, "12.5");
            assertThat(new ConvolutionChoices(all, ConvolutionFamily.AUTO, file, null)
                            .plan(GRADIENT)
                            .name())
                    .isEqualTo(last);
        });
    }

    @Test
    void whatCannotBeReadIsSaid() throws IOException {
        Files.createDirectories(path());
        assertThat(new ConvolutionFile(path(), "card").problem())
                .hasValueSatisfying(sentence -> assertThat(sentence).contains(path() + " cannot be read"));
    }

    @Test
    void whatCannotBeKeptIsSaid() throws IOException {
        Files.writeString(folder.resolve("cache"), "a file where the folder would be");
        onLibraries(all -> {
            ConvolutionFile file = new ConvolutionFile(path(), "card");
            ConvolutionChoices choices = new ConvolutionChoices(all, ConvolutionFamily.AUTO, file, null);
            assertThat(choices.plan(GRADIENT)).isSameAs(choices.plan(GRADIENT));
            assertThat(file.problem())
                    .hasValueSatisfying(sentence -> assertThat(sentence).contains(path() + " cannot be written"));
        });
    }
}
