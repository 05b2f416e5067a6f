package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.Summary;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;

/** TensorBoard's files, read back by TensorFlow's published classes, and as TensorBoard puts sessions together. */
final class EventFilesTest {
    @TempDir
    private Path folder;

    private Path run;
    private final List<String> said = new ArrayList<>();

    private final RunListener listener = new RunListener() {
        @Override
        public void say(String line) {
            said.add(line);
        }
    };

    @BeforeEach
    void train() throws IOException {
        run = folder.resolve("run");
        Settings settings = TinyStudy.settings(Files.createDirectories(folder.resolve("data")));
        settings.set(Key.TENSORBOARD, "true").set(Key.LAYER_METRICS, "true");
        Run.begin(Experiment.of(settings, null, null), run).train("a test", listener);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
            return files.sorted().toList();
        }
    }

    /** Reads records as their definition says; what is half at the end is left out, as TensorBoard does. */
    private static List<Event> events(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (in.remaining() >= 12) {
            byte[] length = new byte[8];
            in.duplicate().get(length);
            int size = (int) in.getLong();
            assertThat(in.getInt()).isEqualTo(masked(length));
            if (in.remaining() < size + 4) {
                break;
            }
            byte[] message = new byte[size];
            in.get(message);
            assertThat(in.getInt()).isEqualTo(masked(message));
            events.add(Event.parseFrom(message));
        }
        return events;
    }

    private static int masked(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        int value = (int) crc.getValue();
        return ((value >>> 15) | (value << 17)) + 0xa282ead8;
    }

    /** Returns by epoch the scalars that TensorBoard shows: a session's start drops what there is from its step on. */
    private TreeMap<Long, Map<String, Float>> shown() throws IOException {
        TreeMap<Long, Map<String, Float>> shown = new TreeMap<>();
        for (Path file : files()) {
            List<Event> events = events(file);
            assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
            assertThat(events.get(1).getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
            for (Event event : events.subList(1, events.size())) {
                if (event.hasSessionLog()) {
                    shown.tailMap(event.getStep(), true).clear();
                    continue;
                }
                Map<String, Float> scalars = new LinkedHashMap<>();
                for (Summary.Value value : event.getSummary().getValueList()) {
                    assertThat(scalars.put(value.getTag(), value.getSimpleValue()))
                            .isNull();
                }
                assertThat(shown.put(event.getStep(), scalars))
                        .as("an epoch twice")
                        .isNull();
            }
        }
        return shown;
    }

    private List<JsonNode> lines() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private void assertShowsTheLines() throws IOException {
        TreeMap<Long, Map<String, Float>> shown = shown();
        List<JsonNode> lines = lines();
        assertThat(shown).hasSameSizeAs(lines);
        for (int i = 0; i < lines.size(); i++) {
            JsonNode line = lines.get(i);
            Map<String, Float> scalars = shown.get(i + 1L);
            assertThat(scalars)
                    .containsEntry("accuracy/test", line.get("test_accuracy").floatValue())
                    .containsEntry("accuracy/train", line.get("train_accuracy").floatValue())
                    .containsEntry("loss/train", line.get("readout_loss").floatValue())
                    .containsEntry("loss/test", line.get("test_loss").floatValue())
                    .containsEntry(
                            "local_loss/layer_2",
                            line.get("local_losses").get(1).floatValue())
                    .containsEntry(
                            "learning_rate/hidden_layers", line.get("lr_local").floatValue())
                    .containsEntry(
                            "learning_rate/readout", line.get("lr_readout").floatValue())
                    .containsEntry(
                            "speed/images_per_second",
                            line.get("train_images_per_second").floatValue());
        }
    }

    private void resume(int epochs) throws IOException {
        said.clear();
        Settings given =
                new Settings().set(Key.EPOCHS, Integer.toString(epochs)).set(Key.TENSORBOARD, "true");
        Run.resume(run, given).train("a test", listener);
    }

    @Test
    void epochsAreScalarsOfTheirSteps() throws IOException {
        assertThat(files()).hasSize(1);
        assertShowsTheLines();
        JsonNode line = lines().get(1);
        assertThat(shown().get(2L))
                .containsEntry(
                        "phsic_labels/layer_1", line.get("phsic_labels").get(0).floatValue())
                .containsEntry(
                        "cka_layers/1_and_2",
                        line.get("cka_layers").get(0).get(1).floatValue())
                .containsKey("more/layers_seconds")
                .doesNotContainKey("cka_layers/1_and_1");
        Event last = events(files().get(0)).get(3);
        assertThat(last.getWallTime()).isCloseTo(System.currentTimeMillis() * 1e-3, within(3600.0));
    }

    @Test
    void aSessionThatGoesOnHasAFileOfItsOwn() throws IOException {
        resume(3);
        assertThat(files()).hasSize(2);
        assertThat(events(files().get(1)).get(1).getStep()).isEqualTo(3);
        assertShowsTheLines();
        resume(3);
        assertThat(files()).as("nothing was missing").hasSize(2);
    }

    /** A kill leaves half a record, or an epoch that the run does not have, or none of one that it has. */
    @Test
    void whatAKillLeavesIsMended() throws IOException {
        Path first = files().get(0);
        byte[] whole = Files.readAllBytes(first);
        Files.write(first, java.util.Arrays.copyOf(whole, whole.length - 5));
        resume(3);
        assertShowsTheLines();
        Files.write(
                files().get(1),
                io.github.kib4j.experiment.Event.scalars(1, 4, Map.of("accuracy/test", 1f))
                        .record(),
                StandardOpenOption.APPEND);
        resume(5);
        assertShowsTheLines();
        Files.delete(files().get(0));
        resume(6);
        assertShowsTheLines();
        byte[] none = "what is no record at all".getBytes(StandardCharsets.UTF_8);
        assertThat(io.github.kib4j.experiment.Event.read(none)).isEmpty();
    }

    /** A run that was trained without them gets them when they are asked for. */
    @Test
    void aFinishedRunGetsThem() throws IOException {
        for (Path file : files()) {
            Files.delete(file);
        }
        resume(2);
        assertShowsTheLines();
        assertThat(events(files().get(0)).get(1).getStep()).isEqualTo(1);
    }

    /** What cannot be written is said once, and nothing else is wrong. */
    @Test
    void aRunGoesOnWithoutThem() throws IOException {
        Path place = run.resolve("tensorboard");
        for (Path file : files()) {
            Files.delete(file);
        }
        Files.delete(place);
        Files.writeString(place, "no folder");
        resume(4);
        assertThat(lines()).hasSize(4);
        assertThat(said)
                .filteredOn(line -> line.contains("TensorBoard"))
                .singleElement()
                .asString()
                .startsWith("Note: nothing is written for TensorBoard (" + place + ": ")
                .endsWith("; the run goes on, and when it is resumed what is missing is added.");
        Files.delete(place);
        resume(5);
        assertShowsTheLines();
    }
}
