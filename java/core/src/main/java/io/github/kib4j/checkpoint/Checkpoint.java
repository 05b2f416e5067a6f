package io.github.kib4j.checkpoint;

import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.files.FileContentException;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.files.Sha256;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A run's checkpoints in a folder: the newest two, each in a folder {@code step-N} of its own, where {@code N} counts training
 * steps: {@code weights.safetensors} (names and shapes of the authors' network), {@code optimizer.safetensors}, and
 * {@code state.json}, which says where the run stands, whose it is, and the SHA-256 sums of all of them. Where weights are averaged,
 * {@code averaged.safetensors} has their average, which is evaluated, by the names and shapes of the weights.
 *
 * <p>A checkpoint is written into {@code step-N.new}, forced to the disk, and appears whole by one rename; only then is the
 * oldest removed. So at every moment the folder holds a whole checkpoint, whatever kills the process or fails. Reading takes
 * the newest; if it is damaged, the one before.
 */
public final class Checkpoint {
    private static final String STATE = "state.json";
    private static final String WEIGHTS = "weights.safetensors";
    private static final String AVERAGED = "averaged.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String PREFIX = "step-";
    private static final String STEP = PREFIX + "(0|[1-9][0-9]{0,17})";
    private static final String LEFTOVER = STEP + "\\.(new|old)";
    /** What files of weights hold beside them: optimizers' state, and PyTorch's counters in batch normalization. */
    private static final String NO_WEIGHT = "(local|readout)\\..*\\.(first|second)|.*\\.num_batches_tracked";
    /** How often reading begins again because a training run removed what was being read. */
    private static final int READ_ATTEMPTS = 100;

    private Checkpoint() {}

    /**
     * {@return whether a folder holds a checkpoint, be it whole or damaged}
     *
     * @param folder of the checkpoints
     * @throws IOException if the file system refuses
     */
    public static boolean exists(Path folder) throws IOException {
        return !newestFirst(folder).isEmpty();
    }

    /**
     * {@return whether a folder's only checkpoint is one of step 0}
     *
     * @param folder of the checkpoints
     * @throws IOException if the file system refuses
     */
    public static boolean isAtStart(Path folder) throws IOException {
        List<Path> checkpoints = newestFirst(folder);
        return checkpoints.size() == 1 && step(checkpoints.get(0)) == 0;
    }

    private static List<Path> newestFirst(Path folder) throws IOException {
        return entries(folder, STEP).stream()
                .sorted(Comparator.comparingLong(Checkpoint::step).reversed())
                .toList();
    }

    private static long step(Path checkpoint) {
        return Long.parseLong(checkpoint.getFileName().toString().substring(PREFIX.length()));
    }

    private static List<Path> entries(Path folder, String pattern) throws IOException {
        List<Path> matching = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(
                folder, path -> path.getFileName().toString().matches(pattern))) {
            all.forEach(matching::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
        return matching;
    }

    /**
     * Removes what a killed process left: half written and half removed checkpoints, and those that the saving of one had made
     * superfluous.
     *
     * @param folder of the checkpoints
     * @param step of the newest whole checkpoint; it, the one before it, and newer ones (damaged, until they are written anew)
     *     stay
     * @throws IOException if the file system refuses
     */
    public static void clean(Path folder, long step) throws IOException {
        removeLeftovers(folder);
        removeOthers(folder, step, false);
    }

    private static void removeLeftovers(Path folder) throws IOException {
        for (Path leftover : entries(folder, LEFTOVER)) {
            DurableFiles.delete(leftover);
        }
    }

    /**
     * Writes a run's state as the newest checkpoint. Those there before stay whole until it is, and the one before it stays.
     *
     * @param folder of the run's checkpoints
     * @param network weights and running statistics
     * @param averaged their average; null for none
     * @param optimizerState the optimizers' tensors by name
     * @param identity whose the state is
     * @param progress where the run stands
     * @param maker version and device that computed it, in words
     * @throws IOException if the file system refuses
     */
    public static void write(
            Path folder,
            Network network,
            @Nullable Network averaged,
            Map<String, Tensor> optimizerState,
            Identity identity,
            Progress progress,
            String maker)
            throws IOException {
        Files.createDirectories(folder);
        removeLeftovers(folder);
        Path checkpoint = folder.resolve(PREFIX + progress.step());
        Path temporary = folder.resolve(PREFIX + progress.step() + ".new");
        try {
            Files.createDirectory(temporary);
            String weights = Safetensors.write(temporary.resolve(WEIGHTS), sources(network));
            String optimizer = Safetensors.write(temporary.resolve(OPTIMIZER), sources(optimizerState));
            String average =
                    averaged == null ? null : Safetensors.write(temporary.resolve(AVERAGED), sources(averaged));
            CheckpointState state =
                    new CheckpointState(CheckpointState.FORMAT, identity, progress, weights, average, optimizer, maker);
            DurableFiles.write(temporary.resolve(STATE), state.text());
            DurableFiles.forceFolder(temporary);
            publish(temporary, checkpoint, state);
        } catch (IOException e) {
            DurableFiles.deleteAfter(e, temporary);
            throw e;
        }
        removeOthers(folder, progress.step(), true);
    }

    private static void publish(Path temporary, Path checkpoint, CheckpointState state) throws IOException {
        if (!Files.exists(checkpoint)) {
            DurableFiles.rename(temporary, checkpoint);
        } else if (isWhole(checkpoint, state)) {
            DurableFiles.delete(temporary);
        } else {
            Path aside = setAside(checkpoint);
            DurableFiles.rename(temporary, checkpoint);
            DurableFiles.delete(aside);
        }
    }

    private static boolean isWhole(Path checkpoint, CheckpointState state) throws IOException {
        try {
            if (!readText(checkpoint.resolve(STATE)).equals(state.text())) {
                return false;
            }
            checkSum(checkpoint.resolve(WEIGHTS), state.weights());
            checkSum(checkpoint.resolve(OPTIMIZER), state.optimizer());
            String averaged = state.averaged();
            if (averaged != null) {
                checkSum(checkpoint.resolve(AVERAGED), averaged);
            }
            return true;
        } catch (FileContentException e) {
            return false;
        }
    }

    private static Path setAside(Path checkpoint) throws IOException {
        Path aside = checkpoint.resolveSibling(checkpoint.getFileName() + ".old");
        DurableFiles.rename(checkpoint, aside);
        return aside;
    }

    /** Removes all but a checkpoint and the one before it; those of later steps are, if so said, of a course that was given up. */
    private static void removeOthers(Path folder, long step, boolean later) throws IOException {
        int before = 0;
        for (Path checkpoint : newestFirst(folder)) {
            if ((later && step(checkpoint) > step) || (step(checkpoint) < step && ++before > 1)) {
                DurableFiles.delete(setAside(checkpoint));
            }
        }
    }

    private static Map<String, Safetensors.Source> sources(Network network) {
        Map<String, Safetensors.Source> sources = sources(network.tensors());
        for (Parameter parameter : network.parameters()) {
            sources.put(parameter.name(), new Safetensors.OnDevice(parameter.value(), parameter.stored()));
        }
        return sources;
    }

    private static Map<String, Safetensors.Source> sources(Map<String, Tensor> tensors) {
        Map<String, Safetensors.Source> sources = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> sources.put(name, new Safetensors.OnDevice(tensor, tensor.shape())));
        return sources;
    }

    /** Reads one checkpoint. */
    private interface Reader<T> {
        T read(Path checkpoint) throws IOException;
    }

    /** What was read of the newest whole checkpoint, and what is wrong with newer ones. */
    private record Newest<T>(T read, List<String> passedOver) {
        static Restored restored(Newest<CheckpointState> newest) {
            CheckpointState state = newest.read();
            return new Restored(state.progress(), newest.passedOver(), state.maker());
        }
    }

    /**
     * A restored run.
     *
     * @param progress where it stood
     * @param passedOver what is wrong with newer checkpoints, a sentence each
     * @param maker version and device that computed the checkpoint, in words; null if it does not say
     */
    public record Restored(
            Progress progress,
            List<String> passedOver,
            @Nullable String maker) {}

    /**
     * Reads the weights of the newest whole checkpoint that evaluation uses: their average, where there is one.
     *
     * @param folder of the checkpoints
     * @param network receives the weights
     * @param classNames what the network's outputs are to mean
     * @return where the run stood
     * @throws CheckpointException if there is none, or it is damaged, of another network or of other classes; the network is
     *     then unchanged
     */
    public static Restored readWeights(Path folder, Network network, List<String> classNames) throws IOException {
        return Newest.restored(newestWhole(folder, checkpoint -> {
            CheckpointState state = readOf(checkpoint, network, classNames);
            copy(state.averaged() == null ? weights(checkpoint, state, network) : averaged(checkpoint, state, network));
            return state;
        }));
    }

    /**
     * Reads the newest whole checkpoint's weights, and their average.
     *
     * @param folder of the checkpoints
     * @param network receives the weights
     * @param average receives their average; null where there is none
     * @param classNames what the network's outputs are to mean
     * @return where the run stood
     * @throws CheckpointException if there is none, or it is damaged, of another network or of other classes; the networks are
     *     then unchanged
     */
    public static Restored readWeights(Path folder, Network network, @Nullable Network average, List<String> classNames)
            throws IOException {
        return Newest.restored(newestWhole(folder, checkpoint -> {
            CheckpointState state = readOf(checkpoint, network, classNames);
            Read weights = weights(checkpoint, state, network);
            if (average != null) {
                copy(averaged(checkpoint, state, average));
            }
            copy(weights);
            return state;
        }));
    }

    /**
     * {@return what the network of the newest checkpoint reads; empty where a version wrote it that did not write that down}
     *
     * @param folder of the checkpoints
     * @throws CheckpointException if there is none, or all are damaged
     * @throws IOException if it cannot be read
     */
    public static Optional<Input> input(Path folder) throws IOException {
        return Optional.ofNullable(
                newestWhole(folder, Checkpoint::readState).read().identity().input());
    }

    /**
     * Reads the newest whole checkpoint as a model: its network, what it reads and says, and the weights that evaluation uses.
     *
     * @param folder of the checkpoints
     * @return the model
     * @throws CheckpointException if there is none, or it is damaged, or of a network that this version does not know
     * @throws IOException if the file system refuses
     */
    public static SavedModel readModel(Path folder) throws IOException {
        Newest<SavedModel> newest = newestWhole(folder, Checkpoint::model);
        SavedModel read = newest.read();
        return new SavedModel(
                read.checkpoint(),
                read.network(),
                read.settings(),
                read.input(),
                read.classNames(),
                read.weights(),
                read.progress(),
                newest.passedOver());
    }

    private static SavedModel model(Path checkpoint) throws IOException {
        CheckpointState state = readState(checkpoint);
        Identity identity = state.identity();
        NetworkSpec network;
        try {
            network = NetworkSpec.of(identity.settings().part("network"));
        } catch (IllegalArgumentException e) {
            throw FileContentException.damaged(checkpoint.resolve(STATE), String.valueOf(e.getMessage()), e);
        }
        List<String> classNames = identity.classNames();
        if (classNames != null && !classNames.isEmpty() && classNames.size() != network.outputs()) {
            throw FileContentException.damaged(
                    checkpoint.resolve(STATE),
                    "its network has " + network.outputs() + " outputs, but " + classNames.size() + " names of classes",
                    null);
        }
        String averaged = state.averaged();
        Path weights = checkpoint.resolve(averaged == null ? WEIGHTS : AVERAGED);
        checkSum(weights, averaged == null ? state.weights() : averaged);
        Map<String, Safetensors.Array> arrays = Safetensors.read(weights);
        long numbers = arrays.values().stream()
                .mapToLong(array -> array.shape().size())
                .sum();
        long wanted = network.parameters()
                + network.hidden().stream()
                        .filter(LayerSpec::batchNorm)
                        .mapToLong(layer -> 2L * layer.units())
                        .sum();
        if (numbers != wanted) { // before a network of that size is made room for
            throw foreign(checkpoint, "network: its weights are " + numbers + " numbers, not " + wanted);
        }
        return new SavedModel(
                checkpoint,
                network,
                identity.settings(),
                identity.input(),
                classNames,
                arrays,
                state.progress(),
                List.of());
    }

    /**
     * Copies a model's weights into a network.
     *
     * @param model the weights
     * @param network receives them
     * @throws CheckpointException if they are of another network, which is then unchanged
     */
    public static void copyWeights(SavedModel model, Network network) throws CheckpointException {
        Map<String, Tensor> tensors = network.tensors();
        String difference = difference(model.weights(), tensors, storedShapes(network));
        if (difference != null) {
            throw foreign(model.checkpoint(), "network: " + difference);
        }
        copy(new Read(model.weights(), network));
    }

    /** Reads the state of a checkpoint that is of such a network and these classes. */
    private static CheckpointState readOf(Path checkpoint, Network network, List<String> classNames)
            throws IOException {
        CheckpointState state = readState(checkpoint);
        checkClasses(checkpoint, state.identity().classNames(), classNames);
        checkSettings(checkpoint, state.networkDifference(network.spec().signature()));
        return state;
    }

    /** What was read for a network, and found to be its. */
    private record Read(Map<String, Safetensors.Array> arrays, Network network) {}

    private static Read weights(Path checkpoint, CheckpointState state, Network network) throws IOException {
        return new Read(
                readSame(checkpoint, WEIGHTS, state.weights(), network.tensors(), storedShapes(network)), network);
    }

    private static Read averaged(Path checkpoint, CheckpointState state, Network network) throws IOException {
        String sum = state.averaged();
        if (sum == null) {
            throw FileContentException.damaged(checkpoint.resolve(STATE), "it says of no averaged weights", null);
        }
        return new Read(readSame(checkpoint, AVERAGED, sum, network.tensors(), storedShapes(network)), network);
    }

    private static void copy(Read read) {
        copy(read.arrays(), read.network().tensors());
        read.network().renewRounded();
    }

    /**
     * Reads a file of weights that may be of any origin; arrays that belong to no network are passed over.
     *
     * @param file in the safetensors format
     * @param network receives the weights
     * @throws CheckpointException if it is no such file, or its arrays are not the network's in names and shapes, or not all
     *     finite; the network is then unchanged
     * @throws IOException if it cannot be read
     */
    public static void readGiven(Path file, Network network) throws IOException {
        Map<String, Safetensors.Array> arrays = new LinkedHashMap<>(readArrays(file));
        Map<String, Tensor> tensors = network.tensors();
        arrays.keySet().removeIf(name -> !tensors.containsKey(name) && name.matches(NO_WEIGHT));
        String difference = difference(arrays, tensors, storedShapes(network));
        if (difference != null) {
            throw new CheckpointException("The weights in " + file + " are of another network: " + difference
                    + "; give weights of the same network, or train anew.");
        }
        for (Map.Entry<String, Safetensors.Array> array : arrays.entrySet()) {
            if (!isFinite(array.getValue())) {
                throw new CheckpointException("The weights in " + file + " are not all finite numbers ("
                        + array.getKey() + "); give those of a run that went well.");
            }
        }
        copy(arrays, tensors);
        network.renewRounded();
    }

    private static Map<String, Safetensors.Array> readArrays(Path file) throws IOException {
        try {
            return Safetensors.read(file);
        } catch (FileContentException e) {
            throw CheckpointException.of(e);
        }
    }

    private static boolean isFinite(Safetensors.Array array) {
        ByteBuffer data = array.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return array.type() == DataType.F64
                ? IntStream.range(0, data.capacity() / 8).allMatch(i -> Double.isFinite(data.getDouble(8 * i)))
                : IntStream.range(0, data.capacity() / 4).allMatch(i -> Float.isFinite(data.getFloat(4 * i)));
    }

    /**
     * Reads the newest whole checkpoint, so that its run goes on.
     *
     * @param folder of the run's checkpoints
     * @param network receives weights and running statistics
     * @param average receives their average; null where there is none
     * @param optimizerState receives the optimizers' tensors
     * @param identity whose the state must be
     * @return where the run stood
     * @throws CheckpointException if there is none, or all are damaged, or it is of another run; all is then unchanged
     * @throws IOException if the file system refuses
     */
    public static Restored read(
            Path folder,
            Network network,
            @Nullable Network average,
            Map<String, Tensor> optimizerState,
            Identity identity)
            throws IOException {
        return Newest.restored(newestWhole(folder, checkpoint -> {
            CheckpointState state = readState(checkpoint);
            checkIdentity(checkpoint, state, identity);
            Read weights = weights(checkpoint, state, network);
            Read averages = average == null ? null : averaged(checkpoint, state, average);
            Map<String, Safetensors.Array> optimizer =
                    readSame(checkpoint, OPTIMIZER, state.optimizer(), optimizerState, Map.of());
            copy(weights);
            if (averages != null) {
                copy(averages);
            }
            copy(optimizer, optimizerState);
            return state;
        }));
    }

    private static <T> Newest<T> newestWhole(Path folder, Reader<T> reader) throws IOException {
        List<String> passedOver = new ArrayList<>();
        for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
            passedOver.clear();
            boolean vanished = false;
            for (Path checkpoint : newestFirst(folder)) {
                try {
                    return new Newest<>(reader.read(checkpoint), List.copyOf(passedOver));
                } catch (FileContentException e) {
                    String damage = e.damage();
                    if (damage == null) {
                        throw CheckpointException.of(e);
                    }
                    vanished |= !Files.exists(checkpoint);
                    passedOver.add(damage);
                }
            }
            if (!vanished) {
                break;
            }
        }
        if (!passedOver.isEmpty()) {
            throw CheckpointException.allDamaged(passedOver);
        }
        throw new CheckpointException(
                "There is no checkpoint in " + folder + "; name the folder of a run that has saved one.");
    }

    private static CheckpointState readState(Path checkpoint) throws IOException {
        Path file = checkpoint.resolve(STATE);
        try {
            return CheckpointState.parse(readText(file));
        } catch (IllegalArgumentException e) {
            throw FileContentException.damaged(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static String readText(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw FileContentException.damaged(file, "it is missing", e);
        } catch (CharacterCodingException e) {
            throw FileContentException.damaged(file, "it is no text", e);
        }
    }

    private static void checkSum(Path file, String sum) throws IOException {
        try {
            if (!Sha256.of(file).equals(sum)) {
                throw FileContentException.damaged(file, "its SHA-256 sum is not the one that was saved with it", null);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            throw FileContentException.damaged(file, "it is missing", e);
        }
    }

    private static void checkIdentity(Path checkpoint, CheckpointState state, Identity wanted)
            throws CheckpointException {
        Identity saved = state.identity();
        checkClasses(checkpoint, saved.classNames(), wanted.classNames());
        checkSettings(checkpoint, state.difference(wanted.settings()));
        if (!saved.images().equals(wanted.images())) {
            throw foreign(
                    checkpoint,
                    "data set (by the checksum of its training images): " + saved.images() + ", not "
                            + wanted.images());
        }
        checkInput(checkpoint, saved.input(), wanted.input());
    }

    private static void checkInput(Path checkpoint, @Nullable Input saved, @Nullable Input wanted)
            throws CheckpointException {
        if (saved != null && wanted != null && !saved.equals(wanted)) {
            throw foreign(
                    checkpoint,
                    "data set: samples are normalized by the means " + saved.mean() + " and deviations "
                            + saved.deviation() + " there, and not by " + wanted.mean() + " and "
                            + wanted.deviation());
        }
    }

    private static void checkSettings(Path checkpoint, @Nullable String difference) throws CheckpointException {
        if (difference != null) {
            throw foreign(checkpoint, "run: " + difference);
        }
    }

    private static void checkClasses(Path checkpoint, @Nullable List<String> saved, @Nullable List<String> wanted)
            throws CheckpointException {
        if (saved != null && wanted != null && !saved.equals(wanted)) {
            throw new CheckpointException("The checkpoint in " + checkpoint + " learned "
                    + ClassNames.say(saved, wanted) + ", but the data have " + ClassNames.say(wanted, saved)
                    + "; give it data of its own classes, or start a new run in another folder.");
        }
    }

    private static CheckpointException foreign(Path checkpoint, String how) {
        return new CheckpointException("The checkpoint in " + checkpoint + " is of another " + how
                + "; continue it with its own settings and data, or start a new run in another folder.");
    }

    private static Map<String, Shape> storedShapes(Network network) {
        return network.parameters().stream().collect(Collectors.toMap(Parameter::name, Parameter::stored));
    }

    private static Map<String, Safetensors.Array> readSame(
            Path checkpoint, String file, String sum, Map<String, Tensor> tensors, Map<String, Shape> storedShapes)
            throws IOException {
        checkSum(checkpoint.resolve(file), sum);
        Map<String, Safetensors.Array> arrays = Safetensors.read(checkpoint.resolve(file));
        String difference = difference(arrays, tensors, storedShapes);
        if (difference != null) {
            throw foreign(checkpoint, "network or optimizer: " + difference);
        }
        return arrays;
    }

    private static @Nullable String difference(
            Map<String, Safetensors.Array> arrays, Map<String, Tensor> tensors, Map<String, Shape> storedShapes) {
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            String name = entry.getKey();
            Safetensors.Array array = arrays.get(name);
            Shape expected = storedShapes.getOrDefault(name, entry.getValue().shape());
            if (array == null || !array.shape().equals(expected)) {
                return name + " is " + (array == null ? "missing" : array.shape()) + ", not " + expected;
            }
        }
        return arrays.keySet().stream()
                .filter(name -> !tensors.containsKey(name))
                .findFirst()
                .map(name -> "it has " + name + ", which this run has not")
                .orElse(null);
    }

    private static void copy(Map<String, Safetensors.Array> arrays, Map<String, Tensor> tensors) {
        arrays.forEach((name, array) -> array.writeTo(Objects.requireNonNull(tensors.get(name))));
    }
}
