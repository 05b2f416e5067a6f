package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of a run's network: predictions, codes, files for other programs. */
final class ModelCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int IMAGES = 40;
    private static final int SIZE = 64;

    @TempDir
    static Path folder;

    @BeforeAll
    static void train() throws IOException {
        TinyImages.idx(folder.resolve("mnist"), 60, IMAGES);
        String options = "train --quiet --dataset mnist --data " + folder + " --model mlp --layers 32,16 --groups 8"
                + " --divisive-norm --epochs 2 --batch 20 --lr-local 0.3 --rule phsic,backprop --out " + path("run");
        CommandResult result = kib(options.split(" "));
        assertThat(result.code()).as(result.err()).isZero();
    }

    private static String path(String name) {
        return folder.resolve(name).toString();
    }

    private static byte[] pixels() throws IOException {
        byte[] file = Files.readAllBytes(folder.resolve("mnist/t10k-images-idx3-ubyte"));
        return Arrays.copyOfRange(file, file.length - IMAGES * SIZE, file.length);
    }

    private static List<String> rows(String separator) throws IOException {
        byte[] pixels = pixels();
        return IntStream.range(0, IMAGES)
                .mapToObj(i -> IntStream.range(0, SIZE)
                        .mapToObj(k -> Integer.toString(pixels[i * SIZE + k] & 255))
                        .collect(Collectors.joining(separator)))
                .toList();
    }

    private static CommandResult piped(String input, String... command) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return kib(command);
        } finally {
            System.setIn(before);
        }
    }

    /** Classes and probabilities are those of {@code kib eval}'s own table, whichever way the images come. */
    @Test
    void predictionsAreThoseOfTheEvaluation() throws IOException {
        assertThat(kib("eval", path("run/phsic"), "--predictions", path("eval.csv"))
                        .code())
                .isZero();
        List<String> expected = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("eval.csv"))) {
            String[] cells = line.split(",");
            expected.add(cells[4] + "," + String.join(",", Arrays.copyOfRange(cells, 5, cells.length)));
        }
        Path table = folder.resolve("images.csv");
        Files.writeString(
                table,
                "id," + IntStream.range(0, SIZE).mapToObj(k -> "p" + k).collect(Collectors.joining(",")) + "\n"
                        + rows(",").stream().map(row -> "x," + row + "\n").collect(Collectors.joining()));
        CommandResult csv =
                kib("predict", path("run"), table.toString(), "--rule", "phsic", "--all", "--leave-out", "id");
        assertThat(csv.code()).as(csv.err()).isZero();
        List<String> lines = csv.out().lines().toList();
        assertThat(lines).hasSize(IMAGES + 1);
        assertThat(lines.get(0)).startsWith("input,class,probability,probability_0,probability_1,");
        for (int i = 1; i <= IMAGES; i++) {
            String[] cells = lines.get(i).split(",");
            assertThat(cells[0]).isEqualTo(Integer.toString(i + 1));
            assertThat(cells[1] + "," + String.join(",", Arrays.copyOfRange(cells, 3, cells.length)))
                    .isEqualTo(expected.get(i));
            assertThat(Float.parseFloat(cells[2])).isEqualTo(Float.parseFloat(cells[3 + Integer.parseInt(cells[1])]));
        }
        String json = rows(", ").stream().map(row -> "[" + row + "]\n").collect(Collectors.joining());
        CommandResult said = piped(json, "predict", path("run/phsic"), "--json", "--out", path("said.jsonl"));
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out()).isEmpty();
        List<String> objects = Files.readAllLines(folder.resolve("said.jsonl"));
        for (int i = 0; i < IMAGES; i++) {
            JsonNode one = JSON.readTree(objects.get(i));
            String[] cells = lines.get(i + 1).split(",");
            assertThat(one.get("input").asText()).isEqualTo(Integer.toString(i + 1));
            assertThat(one.get("class").asText()).isEqualTo(cells[1]);
            assertThat((float) one.get("probability").asDouble()).isEqualTo(Float.parseFloat(cells[2]));
            assertThat(one.has("probabilities")).isFalse();
        }
        assertThat(piped(json, "predict", path("run/phsic"), "-").out().lines()).hasSize(IMAGES + 1);
    }

    @Test
    void whatIsWrongInAFileLeavesTheResultAsItWas() throws IOException {
        Path file = folder.resolve("kept.csv");
        Files.writeString(file, "before");
        String bad = rows(",").get(0) + "\n1,2\n";
        piped(bad, "predict", path("run/phsic"), "--out", file.toString())
                .assertSentence(1, "Line 2 of the input has 2 cells, and others have 64");
        assertThat(file).hasContent("before");
        assertThat(folder.resolve("kept.csv.new")).doesNotExist();
    }

    private static float[] array(String name, String header) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int start = 10 + all.getShort(8);
        assertThat(new String(bytes, 10, start - 10, StandardCharsets.US_ASCII)).startsWith(header);
        float[] numbers = new float[(bytes.length - start) / 4];
        all.position(start);
        all.asFloatBuffer().get(numbers);
        return numbers;
    }

    @Test
    void codesAreThoseOfTheModelAndLabelsTheDataSets() throws IOException {
        CommandResult result = kib(
                "codes",
                path("run"),
                "--rule",
                "backprop",
                "--layer",
                "2",
                "--out",
                path("codes.npy"),
                "--labels",
                path("labels.npy"),
                "--json");
        assertThat(result.code()).as(result.err()).isZero();
        JsonNode json = JSON.readTree(result.out());
        assertThat(json.get("images").asInt()).isEqualTo(IMAGES);
        assertThat(json.get("width").asInt()).isEqualTo(8);
        assertThat(json.get("rule").asText()).isEqualTo("backprop");
        float[] codes = array("codes.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 8), }");
        try (Model model = Model.load(folder.resolve("run/backprop"))) {
            float[][] expected = model.codes(1, Samples.ofBytes(pixels()));
            for (int i = 0; i < IMAGES; i++) {
                assertThat(Arrays.copyOfRange(codes, 8 * i, 8 * i + 8)).isEqualTo(expected[i]);
            }
        }
        float[] labels = array("labels.npy", "{'descr': '<i4', 'fortran_order': False, 'shape': (40,), }");
        for (int i = 0; i < IMAGES; i++) {
            assertThat(Float.floatToRawIntBits(labels[i])).isEqualTo(i % 10);
        }
        CommandResult train =
                kib("codes", path("run/phsic"), "--layer", "1", "--out", path("train.npy"), "--part", "train");
        assertThat(train.out()).isEqualTo("Written: " + path("train.npy") + " (60 x 8, layer 1, phsic)\n");
    }

    @Test
    void aNetworkIsExported() throws IOException {
        CommandResult onnx = kib("export", path("run"), path("net.onnx"), "--rule", "phsic");
        assertThat(onnx.out()).isEqualTo("Written: " + path("net.onnx") + " (onnx, phsic)\n");
        assertThat(Files.readAllBytes(folder.resolve("net.onnx"))).startsWith(8, 8, 18, 5, 'k', 'i', 'b', '4', 'j');
        CommandResult arrays = kib("export", path("run/phsic"), path("net.bin"), "--to", "safetensors", "--json");
        assertThat(JSON.readTree(arrays.out()).get("format").asText()).isEqualTo("safetensors");
        assertThat(Safetensors.read(folder.resolve("net.bin")).keySet())
                .contains("hidden_layers.0.layer.weight", "softmax_layer.bias");
        assertThat(kib("export", path("run/phsic"), path("net.npz")).code()).isZero();
        assertThat(Files.readAllBytes(folder.resolve("net.npz"))).startsWith('P', 'K');
    }

    @Test
    void whatDoesNotExistOrFitIsRefused() {
        String several = "has several rules (backprop, phsic); name one, or the folder of one.";
        kib("export", path("run"), path("no.onnx")).assertSentence(1, several);
        kib("predict", path("run"), path("images.csv")).assertSentence(1, several);
        kib("codes", path("run"), "--layer", "1", "--out", path("no.npy")).assertSentence(1, several);
        kib("export", path("run"), path("no.onnx"), "--rule", "hsic").assertSentence(1, "it has backprop, phsic.");
        kib("export", path("run/phsic"), path("no.h5"))
                .assertSentence(2, "is not clear from its ending; give --to onnx,");
        kib("export", path("run/phsic"), path("no.onnx"), "--to", "onxx").assertSentence(2, "did you mean onnx?");
        kib("export", path("run/phsic"), path("no/no.onnx"))
                .assertSentence(2, "FILE must name a file in a folder that exists");
        kib("export", path("mnist"), path("no.onnx")).assertSentence(1, "There is no checkpoint in " + path("mnist"));
        kib("codes", path("run/phsic"), "--layer", "3", "--out", path("no.npy"))
                .assertSentence(2, "--layer must be from 1 to 2, the hidden layers there are, but is 3.");
        kib("codes", path("run/phsic"), "--layer", "1", "--out", path("no.npy"), "--part", "all")
                .assertSentence(2, "no part of a data set 'all'");
        kib("codes", path("run/phsic"), "--out", path("no.npy")).assertSentence(2, "--layer");
        kib("predict", path("run/phsic"), path("none.csv"))
                .assertSentence(1, "There is no file " + path("none.csv") + "; name one that exists.");
        kib("predict", path("run/phsic"), path("run/config.toml")).assertSentence(1, "is not clear from its ending");
        assertThat(folder).isDirectoryNotContaining("glob:**/no*");
    }
}
