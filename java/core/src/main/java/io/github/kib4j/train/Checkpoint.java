package io.github.kib4j.train;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.Parameter;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A run's state in a folder: {@code state.json} names the two safetensors files that belong to it, one of weights (names and
 * shapes of the authors' network) and one of optimizer state.
 *
 * <p>New files get new names; the state file is replaced last, by one atomic rename, and only then are older files deleted. So
 * at every moment the folder holds a whole checkpoint, whatever kills the process.
 */
public final class Checkpoint {
    /** Number of the format. */
    public static final int FORMAT = 1;

    private static final String STATE = "state.json";

    private Checkpoint() {}

    /**
     * Where a run stands.
     *
     * @param epoch completed epochs
     * @param step training steps done
     * @param position samples of the current epoch done
     * @param sums of the current epoch so far
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Progress(long seed, int epoch, long step, int position, double[] sums) {}

    /** Returns whether a folder holds a checkpoint. */
    public static boolean exists(Path folder) {
        return Files.isRegularFile(folder.resolve(STATE));
    }

    static void write(Path folder, Network network, Map<String, Tensor> optimizerState, Progress progress)
            throws IOException {
        Files.createDirectories(folder);
        Path weights = unusedName(folder, progress.step());
        Path optimizer = folder.resolve(weights.getFileName().toString().replace("weights", "optimizer"));
        Path temporary = folder.resolve(STATE + ".new");
        try {
            Safetensors.write(weights, weights(network));
            Safetensors.write(optimizer, arrays(optimizerState));
            writeForced(temporary, state(progress, weights, optimizer));
        } catch (IOException e) {
            Files.deleteIfExists(weights);
            Files.deleteIfExists(optimizer);
            Files.deleteIfExists(temporary);
            throw e;
        }
        Files.move(
                temporary, folder.resolve(STATE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        deleteOthers(folder, weights, optimizer);
    }

    /** Returns a name for the weights that the checkpoint in the folder, if there is one, does not use. */
    private static Path unusedName(Path folder, long step) throws IOException {
        String name = "weights-" + step + "-0.safetensors";
        boolean used = exists(folder) && Files.readString(folder.resolve(STATE)).contains(name);
        return folder.resolve(used ? "weights-" + step + "-1.safetensors" : name);
    }

    private static String state(Progress progress, Path weights, Path optimizer) {
        return "{\n  \"format\": " + FORMAT + ",\n  \"seed\": " + progress.seed() + ",\n  \"epoch\": "
                + progress.epoch() + ",\n  \"step\": "
                + progress.step() + ",\n  \"position\": " + progress.position() + ",\n  \"sums\": ["
                + Arrays.stream(progress.sums()).mapToObj(Double::toString).collect(Collectors.joining(", "))
                + "],\n  \"weights\": " + Json.quote(weights.getFileName().toString())
                + ",\n  \"optimizer\": " + Json.quote(optimizer.getFileName().toString()) + "\n}\n";
    }

    private static void writeForced(Path file, String text) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    private static void deleteOthers(Path folder, Path weights, Path optimizer) throws IOException {
        List<Path> old = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "{weights,optimizer}-*.safetensors")) {
            for (Path file : files) {
                if (!file.equals(weights) && !file.equals(optimizer)) {
                    old.add(file);
                }
            }
        }
        for (Path file : old) {
            Files.deleteIfExists(file);
        }
    }

    private static Map<String, Tensor> networkTensors(Network network) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        network.parameters().forEach(p -> tensors.put(p.name(), p.value()));
        for (HiddenLayer layer : network.hidden()) {
            layer.runningStatistics().forEach(named -> tensors.put(named.name(), named.tensor()));
        }
        return tensors;
    }

    private static Map<String, Safetensors.Array> weights(Network network) {
        Map<String, Safetensors.Array> arrays = arrays(networkTensors(network));
        for (Parameter parameter : network.parameters()) {
            arrays.computeIfPresent(parameter.name(), (name, array) -> array.withShape(parameter.stored()));
        }
        return arrays;
    }

    private static Map<String, Safetensors.Array> arrays(Map<String, Tensor> tensors) {
        Map<String, Safetensors.Array> arrays = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> arrays.put(name, Safetensors.Array.of(tensor)));
        return arrays;
    }

    /**
     * Reads a checkpoint's weights into a network, for evaluation.
     *
     * @throws CheckpointException if there is none, or it is damaged or of another network; the network is then unchanged
     */
    public static Progress readWeights(Path folder, Network network) throws IOException {
        Map<String, Object> state = readState(folder);
        Map<String, Safetensors.Array> weights = Safetensors.read(named(folder, state, "weights"));
        Map<String, Tensor> tensors = networkTensors(network);
        checkSame(folder, weights, tensors, storedShapes(network));
        copy(weights, tensors);
        return progress(folder, state);
    }

    static Progress read(Path folder, Network network, Map<String, Tensor> optimizerState, long seed, int images)
            throws IOException {
        Map<String, Object> state = readState(folder);
        Progress progress = progress(folder, state);
        if (progress.seed() != seed) {
            throw new CheckpointException("The checkpoint in " + folder + " is of a run with seed " + progress.seed()
                    + ", not " + seed + "; give that seed, or start a new run in another folder.");
        }
        if (progress.position() >= images) {
            throw new CheckpointException("The checkpoint in " + folder
                    + " was made with more training images than the " + images + " there are now ("
                    + progress.position() + " were done in its epoch); continue it with its own data.");
        }
        Map<String, Safetensors.Array> weights = Safetensors.read(named(folder, state, "weights"));
        Map<String, Safetensors.Array> optimizer = Safetensors.read(named(folder, state, "optimizer"));
        Map<String, Tensor> tensors = networkTensors(network);
        checkSame(folder, weights, tensors, storedShapes(network));
        checkSame(folder, optimizer, optimizerState, Map.of());
        if (progress.sums().length != network.hidden().size() + 2) {
            throw new CheckpointException("The checkpoint in " + folder
                    + " is of a network with another number of layers; continue it with its own configuration.");
        }
        copy(weights, tensors);
        copy(optimizer, optimizerState);
        return progress;
    }

    private static Map<String, Shape> storedShapes(Network network) {
        return network.parameters().stream().collect(Collectors.toMap(Parameter::name, Parameter::stored));
    }

    private static void checkSame(
            Path folder,
            Map<String, Safetensors.Array> arrays,
            Map<String, Tensor> tensors,
            Map<String, Shape> storedShapes)
            throws CheckpointException {
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Safetensors.Array array = arrays.get(entry.getKey());
            Shape expected =
                    storedShapes.getOrDefault(entry.getKey(), entry.getValue().shape());
            if (array == null || !array.shape().equals(expected)) {
                throw new CheckpointException("The checkpoint in " + folder + " is of another network or rule: "
                        + entry.getKey() + " should be "
                        + expected + ", but is "
                        + (array == null ? "missing" : array.shape().toString())
                        + "; continue it with its own configuration.");
            }
        }
        for (String name : arrays.keySet()) {
            if (!tensors.containsKey(name)) {
                throw new CheckpointException("The checkpoint in " + folder + " is of another network or rule: it has "
                        + name + ", which this one has not; continue it with its own configuration.");
            }
        }
    }

    private static void copy(Map<String, Safetensors.Array> arrays, Map<String, Tensor> tensors) {
        arrays.forEach((name, array) -> array.writeTo(java.util.Objects.requireNonNull(tensors.get(name))));
    }

    private static Map<String, Object> readState(Path folder) throws IOException {
        Path file = folder.resolve(STATE);
        try {
            Map<?, ?> members = (Map<?, ?>) Json.parse(Files.readString(file));
            Map<String, Object> state = new LinkedHashMap<>();
            members.forEach((key, value) -> state.put((String) key, value));
            Object format = state.get("format");
            if (!Long.valueOf(FORMAT).equals(format)) {
                throw new CheckpointException("The checkpoint in " + folder + " has format " + format
                        + ", but this version reads format " + FORMAT + "; use the version that wrote it.");
            }
            return state;
        } catch (NoSuchFileException e) {
            throw new CheckpointException(
                    "There is no checkpoint in " + folder + "; name the folder of a run that has saved one.", e);
        } catch (IllegalArgumentException | ClassCastException | java.nio.charset.CharacterCodingException e) {
            throw damaged(file, e);
        }
    }

    private static Path named(Path folder, Map<String, Object> state, String key) throws CheckpointException {
        Object name = state.get(key);
        if (!(name instanceof String text) || !text.matches("[a-z]+-[0-9]+-[01]\\.safetensors")) {
            throw new CheckpointException("The file " + folder.resolve(STATE) + " is damaged: it names no file of "
                    + key + ". Use another checkpoint, or train anew.");
        }
        Path file = folder.resolve(text);
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("The checkpoint in " + folder + " is damaged: " + text
                    + " is missing. Use another checkpoint, or train anew.");
        }
        return file;
    }

    private static Progress progress(Path folder, Map<String, Object> state) throws CheckpointException {
        try {
            double[] sums = ((List<?>) java.util.Objects.requireNonNull(state.get("sums")))
                    .stream()
                            .mapToDouble(value -> ((Number) value).doubleValue())
                            .toArray();
            Progress progress = new Progress(
                    number(state, "seed"),
                    Math.toIntExact(number(state, "epoch")),
                    number(state, "step"),
                    Math.toIntExact(number(state, "position")),
                    sums);
            if (progress.epoch() < 0 || progress.step() < 0 || progress.position() < 0) {
                throw new IllegalArgumentException("negative progress");
            }
            return progress;
        } catch (ClassCastException | ArithmeticException | NullPointerException | IllegalArgumentException e) {
            throw damaged(folder.resolve(STATE), e);
        }
    }

    private static long number(Map<String, Object> state, String key) {
        if (state.get(key) instanceof Long value) {
            return value;
        }
        throw new IllegalArgumentException("no number " + key);
    }

    private static CheckpointException damaged(Path file, Exception cause) {
        return new CheckpointException(
                "The file " + file + " is damaged (" + cause.getMessage() + "). Use another checkpoint, or train anew.",
                cause);
    }
}
