package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.datasets.PartOfName.Kind;
import io.github.kib4j.datasets.PartOfName.Role;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The data set {@code npy}: arrays of numpy's, samples and labels in pairs, told by their names: {@code x_train} and {@code y_train},
 * {@code test_images} and {@code test_labels}, {@code X} and {@code y}; in a folder, in an archive, or a file of samples with the one
 * of its labels beside it. Samples are {@code [N, D]} features, {@code [N, H, W]} images, {@code [N, H, W, C]} or {@code [N, C, H, W]}.
 */
final class NpySet {
    private static final int SHOWN = 6;

    private NpySet() {}

    /** An array that is read when it is wanted. */
    private record Named(String name, Supplier<NpyArray> array) {
        Optional<Kind> kind() {
            return PartOfName.kind(name);
        }

        @Nullable
        Role role() {
            return PartOfName.role(name).orElse(null);
        }
    }

    /** Returns whether there are such arrays. */
    static boolean isAt(Path place) {
        if (!Files.isDirectory(place)) {
            return Files.isRegularFile(place) && NpyArray.isNamedSo(place);
        }
        return in(place).stream().anyMatch(array -> array.kind().isPresent());
    }

    /** Returns whether the samples are features, as far as the first array that has samples by its name tells. */
    static boolean hasFeatures(Path place) {
        try {
            if (Files.isRegularFile(place) && !NpyArray.isArchive(place)) {
                return isTable(NpyArray.read(place));
            }
            return isAt(place)
                    && at(place).stream()
                            .filter(array -> array.kind().equals(Optional.of(Kind.SAMPLES)))
                            .findFirst()
                            .map(array -> isTable(array.array().get()))
                            .orElse(false);
        } catch (DatasetException e) {
            return false; // said when it is read
        }
    }

    private static boolean isTable(NpyArray array) {
        return array.extents().length <= 2;
    }

    static Dataset read(Path place, Reading reading, Consumer<String> notes) {
        if (Files.isRegularFile(place) && !NpyArray.isArchive(place)) {
            return new OwnSet("npy", part(place, null, notes), null, null).select(reading.selection());
        }
        List<Named> arrays = at(place);
        boolean parted = arrays.stream().anyMatch(array -> array.role() == Role.TRAIN);
        OwnSet.Part train = pair(place, arrays, parted ? Role.TRAIN : null, null, notes);
        if (!parted) {
            return new OwnSet("npy", train, null, null).select(reading.selection());
        }
        boolean tested = has(arrays, Role.TEST);
        boolean validated = has(arrays, Role.VALIDATION) && (reading.selection().validation() || !tested);
        return new OwnSet(
                        "npy",
                        train,
                        tested ? pair(place, arrays, Role.TEST, train.sample(), notes) : null,
                        validated ? pair(place, arrays, Role.VALIDATION, train.sample(), notes) : null)
                .select(reading.selection());
    }

    /**
     * Returns the samples of a file to test on: of an array with the one of its labels beside it; of an archive its test part, or all
     * that it has.
     *
     * @param expected shape of a sample; null for any
     */
    static OwnSet.Part part(Path file, @Nullable Shape expected, Consumer<String> notes) {
        if (NpyArray.isArchive(file)) {
            List<Named> arrays = at(file);
            return pair(file, arrays, has(arrays, Role.TEST) ? Role.TEST : null, expected, notes);
        }
        Path beside = file.toAbsolutePath().resolveSibling("");
        String stem = PartOfName.stem(file);
        Role role = PartOfName.role(stem).orElse(null);
        List<Named> labels = in(beside).stream()
                .filter(array -> array.kind().equals(Optional.of(Kind.LABELS)) && array.role() == role)
                .toList();
        if (PartOfName.kind(stem).equals(Optional.of(Kind.LABELS))) {
            throw new DatasetException("The file " + file + " has labels by its name; name the one of the samples.");
        }
        if (labels.size() != 1) {
            throw new DatasetException("The labels of " + file + " are not found: there must be one labels.npy or y"
                    + (role == null ? "" : "_" + role.word()) + ".npy beside it, but there "
                    + (labels.isEmpty() ? "is none" : "are " + shown(labels)) + ".");
        }
        return part(NpyArray.read(file), labels.get(0).array().get(), expected, notes);
    }

    private static boolean has(List<Named> arrays, Role role) {
        return arrays.stream().anyMatch(array -> array.role() == role);
    }

    private static OwnSet.Part pair(
            Path place, List<Named> arrays, @Nullable Role role, @Nullable Shape expected, Consumer<String> notes) {
        NpyArray samples = one(place, arrays, role, Kind.SAMPLES).array().get();
        NpyArray labels = one(place, arrays, role, Kind.LABELS).array().get();
        return part(samples, labels, expected, notes);
    }

    private static Named one(Path place, List<Named> arrays, @Nullable Role role, Kind kind) {
        List<Named> found = arrays.stream()
                .filter(array -> array.kind().equals(Optional.of(kind)) && array.role() == role)
                .toList();
        if (found.size() != 1) {
            String what = kind == Kind.SAMPLES ? "samples" : "labels";
            String name = (kind == Kind.SAMPLES ? "x" : "y") + (role == null ? "" : "_" + role.word());
            throw new DatasetException("Which array of " + place + " has the "
                    + (role == null ? "" : role.word() + " ") + what + " cannot be told: there must be one by a name"
                    + " such as " + name + ", but there " + (arrays.size() == 1 ? "is " : "are ") + shown(arrays)
                    + ".");
        }
        return found.get(0);
    }

    private static String shown(List<Named> arrays) {
        return arrays.stream()
                        .limit(SHOWN)
                        .map(array -> FileFailure.printable(array.name()))
                        .collect(Collectors.joining(", "))
                + (arrays.size() > SHOWN ? " and " + (arrays.size() - SHOWN) + " more" : "");
    }

    private static List<Named> at(Path place) {
        if (Files.isDirectory(place)) {
            List<Named> arrays = in(place);
            if (arrays.isEmpty()) {
                throw new DatasetException("The folder " + place + " has no .npy; name another.");
            }
            return arrays;
        }
        Map<String, NpyArray> arrays = NpyArray.readAll(place);
        return arrays.entrySet().stream()
                .map(entry -> new Named(entry.getKey(), entry::getValue))
                .toList();
    }

    /** Returns the arrays of a folder's files of one array. */
    private static List<Named> in(Path folder) {
        Map<String, Path> files = new LinkedHashMap<>();
        try (Stream<Path> entries = Files.list(folder)) {
            entries.filter(file -> NpyArray.isNamedSo(file) && !NpyArray.isArchive(file))
                    .sorted()
                    .forEach(file -> files.put(PartOfName.stem(file), file));
        } catch (IOException e) {
            throw new DatasetException("The folder " + folder + " cannot be read (" + FileFailure.reason(e) + ").", e);
        }
        return files.entrySet().stream()
                .map(entry -> new Named(entry.getKey(), () -> NpyArray.read(entry.getValue())))
                .toList();
    }

    private static OwnSet.Part part(
            NpyArray samples, NpyArray labels, @Nullable Shape expected, Consumer<String> notes) {
        List<String> words = OwnSet.words(labels.labels());
        if (words.size() != samples.count()) {
            throw new DatasetException("The array " + samples.name() + " has " + samples.count() + " samples, and "
                    + labels.name() + " " + words.size() + " labels; give each sample one.");
        }
        Images images = Images.of(samples, expected);
        if (images.noted()) {
            notes.accept("The array " + samples.name() + " " + samples.shape() + " is read as images of "
                    + images.image() + ", channels " + (images.last() ? "last" : "first") + ".");
        }
        return new OwnSet.Part(samples.name(), images.image(), images.pixels(), words);
    }

    /**
     * An array as samples.
     *
     * @param image {@code C x H x W}
     * @param last whether the array has channels last
     * @param noted whether that was told from the extents
     */
    record Images(Shape image, Pixels pixels, boolean last, boolean noted) {
        static Images of(NpyArray array, @Nullable Shape expected) {
            int[] e = array.extents();
            boolean bytes = array.type().isUnsignedBytes() && e.length >= 3;
            Pixels pixels = bytes ? new Pixels.Bytes(array.data()) : new Pixels.Floats(array.floats());
            return switch (e.length) {
                case 1 -> new Images(Shape.of(1, 1, 1), pixels, false, false);
                case 2 -> new Images(Shape.of(e[1], 1, 1), pixels, false, false);
                case 3 -> new Images(Shape.of(1, e[1], e[2]), pixels, false, false);
                case 4 -> {
                    boolean last = channelsLast(array, expected);
                    Shape image = last ? Shape.of(e[3], e[1], e[2]) : Shape.of(e[1], e[2], e[3]);
                    yield new Images(image, last ? channelsFirst(pixels, image) : pixels, last, true);
                }
                default ->
                    throw new DatasetException("The array " + array.name() + " has the shape " + array.shape()
                            + ", but samples are (N, D), (N, H, W), (N, H, W, C) or (N, C, H, W); reshape it.");
            };
        }

        /** Channels are fewer than rows and columns, unless it is known what is expected. */
        private static boolean channelsLast(NpyArray array, @Nullable Shape expected) {
            int[] e = array.extents();
            boolean fitsFirst = expected != null && expected.equals(Shape.of(e[1], e[2], e[3]));
            boolean fitsLast = expected != null && expected.equals(Shape.of(e[3], e[1], e[2]));
            if (fitsFirst != fitsLast) {
                return fitsLast;
            }
            if (e[1] == e[3]) {
                throw new DatasetException("Whether channels are first or last in the array " + array.name()
                        + " of shape " + array.shape() + " cannot be told; reshape it to features, (N, D).");
            }
            return e[3] < e[1];
        }

        private static Pixels channelsFirst(Pixels pixels, Shape image) {
            int channels = image.extent(0);
            int plane = image.extent(1) * image.extent(2);
            int size = channels * plane;
            if (channels == 1) {
                return pixels;
            }
            if (pixels instanceof Pixels.Bytes bytes) {
                byte[] from = bytes.bytes();
                byte[] to = new byte[from.length];
                for (int i = 0; i < to.length; i++) {
                    int in = i % size;
                    to[i] = from[i - in + in % plane * channels + in / plane];
                }
                return new Pixels.Bytes(to);
            }
            float[] from = pixels.floats();
            float[] to = new float[from.length];
            for (int i = 0; i < to.length; i++) {
                int in = i % size;
                to[i] = from[i - in + in % plane * channels + in / plane];
            }
            return new Pixels.Floats(to);
        }
    }
}
