package io.github.kib4j.datasets;

import io.github.kib4j.data.Pixels;
import io.github.kib4j.files.Json;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Samples without labels, one after the other: what a network is asked about. They come out of image files, folders of them, arrays of
 * numpy's ({@code .npy}), tables ({@code .csv}), and lines of JSON ({@code .jsonl}), these two from a pipe as well.
 *
 * <p>For a network that was trained on bytes, numbers in tables and JSON are bytes, from 0 to 255, and floats of arrays are from 0 to 1;
 * else they are as in training.
 */
public final class SampleStream {
    private static final List<String> JSON = List.of("jsonl", "ndjson", "json");
    private static final List<String> NUMBERS = List.of("input", "features");
    private static final int WHITE = 255;

    private final Shape shape;
    private final boolean bytes;
    private final List<String> without;
    private final Taker taker;

    /** Takes a sample. */
    public interface Taker {
        /**
         * Takes a sample of bytes.
         *
         * @param name what it is called
         * @param sample its bytes, in {@code C,H,W} order
         */
        void take(String name, byte[] sample);

        /**
         * Takes a sample of floats.
         *
         * @param name what it is called
         * @param sample its numbers, in {@code C,H,W} order
         */
        void take(String name, float[] sample);
    }

    /**
     * Prepares to read.
     *
     * @param shape of a sample, {@code C x H x W}
     * @param type of the numbers that the network was trained on, U8 or F32
     * @param without columns of tables that are no input, by name, or by number from 1
     * @param taker takes the samples
     */
    public SampleStream(Shape shape, DataType type, List<String> without, Taker taker) {
        this.shape = shape;
        bytes = type == DataType.U8;
        this.without = List.copyOf(without);
        this.taker = taker;
    }

    /**
     * Reads a file, or the images of a folder.
     *
     * @param file whose ending says what it is
     * @throws DatasetException if it is missing, damaged, or its samples do not fit the network
     */
    public void read(Path file) {
        if (Files.isDirectory(file)) {
            images(file).forEach(this::image);
            return;
        }
        if (!RegularFile.isNamed(file)) {
            throw new DatasetException("There is no file " + file + "; name one that exists.");
        }
        String ending = ImageFile.ending(file);
        if (ImageFile.isNamedSo(file)) {
            image(file);
        } else if (ending.equals("csv") || JSON.contains(ending)) {
            try (InputStream in = Files.newInputStream(RegularFile.require(file))) {
                lines(in, file.toString(), JSON.contains(ending));
            } catch (IOException e) {
                throw unreadable(file.toString(), e);
            }
        } else if (ending.equals("npy")) {
            array(NpyArray.read(file));
        } else {
            throw new DatasetException("What the file " + file + " has is not clear from its ending; name an image ("
                    + ImageFile.FORMATS + "), a .csv, a .npy or a .jsonl.");
        }
    }

    /**
     * Reads a pipe: a table, or lines of JSON where the first begins with a bracket or brace.
     *
     * @param in what comes through it
     * @throws DatasetException if samples do not fit the network
     */
    public void read(InputStream in) {
        try {
            lines(in, "the input", null);
        } catch (IOException e) {
            throw unreadable("the input", e);
        }
    }

    private static DatasetException unreadable(String name, IOException e) {
        return new DatasetException("Reading " + name + " failed (" + FileFailure.reason(e) + "); write it again.", e);
    }

    private static List<Path> images(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> images = entries.filter(path -> ImageFile.isNamedSo(path)
                            && !path.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
            if (images.isEmpty()) {
                throw new DatasetException(
                        "The folder " + folder + " has no " + ImageFile.FORMATS + " image; name another.");
            }
            return images;
        } catch (IOException | UncheckedIOException e) {
            throw new DatasetException("The folder " + folder + " cannot be read; name another.", e);
        }
    }

    private void image(Path file) {
        if (!bytes) {
            throw new DatasetException("The network was trained on numbers as they are, not on bytes of images such as "
                    + file + "; give them as in training.");
        }
        ImageFile image = ImageFile.read(file, null);
        int plane = image.shape().extent(1) * image.shape().extent(2);
        byte[] pixels = image.pixels();
        int channels = shape.extent(0);
        boolean gray = IntStream.range(0, plane)
                .allMatch(i -> pixels[i] == pixels[plane + i] && pixels[i] == pixels[2 * plane + i]);
        if (plane != shape.extent(1) * shape.extent(2)
                || image.shape().extent(1) != shape.extent(1)
                || channels != 3 && !(channels == 1 && gray)) {
            throw new DatasetException("The image " + file + " is " + image.shape() + (gray ? " (gray)" : "")
                    + ", but the network reads " + shape + "; scale or convert it.");
        }
        taker.take(file.toString(), channels == 3 ? pixels : Arrays.copyOf(pixels, plane));
    }

    private void array(NpyArray array) {
        int size = Math.toIntExact(shape.size());
        NpySet.Images images = NpySet.Images.of(array, shape);
        if (!images.image().equals(shape) && images.image().size() != size) {
            throw new DatasetException("The array " + array.name() + " has samples of " + images.image()
                    + ", but the network reads " + shape + "; give it an array of such.");
        }
        Pixels pixels = images.pixels();
        if (pixels.type() == DataType.U8 && !bytes) {
            throw new DatasetException("The array " + array.name()
                    + " is of bytes, but the network was trained on floats;" + " convert it as in training.");
        }
        for (int i = 0; i < pixels.size() / size; i++) {
            String name = Integer.toString(i);
            if (pixels.type() == DataType.U8) {
                taker.take(name, Arrays.copyOfRange(pixels.bytes(), i * size, (i + 1) * size));
            } else {
                float[] sample = Arrays.copyOfRange(pixels.floats(), i * size, (i + 1) * size);
                for (float number : sample) {
                    if (!Float.isFinite(number)) {
                        throw new DatasetException("Sample " + i + " of the array " + array.name() + " has the number "
                                + number + "; give numbers that are finite.");
                    }
                }
                taker.take(name, sample);
            }
        }
    }

    private void lines(InputStream in, String name, @Nullable Boolean json) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
        Boolean isJson = json;
        Table table = new Table(name);
        int number = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            String text = number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line;
            if (text.isBlank()) {
                continue;
            }
            if (isJson == null) {
                char first = text.strip().charAt(0);
                isJson = first == '[' || first == '{';
            }
            if (isJson) {
                json(text, name, number);
            } else {
                table.row(text, number);
            }
        }
    }

    private static DatasetException wrong(String file, int line, String what) {
        return new DatasetException("Line " + line + " of " + file + " " + what);
    }

    private void json(String text, String file, int line) {
        Object value;
        try {
            value = Json.parse(text);
        } catch (IllegalArgumentException e) {
            throw wrong(
                    file,
                    line,
                    "is no JSON (" + FileFailure.printable(String.valueOf(e.getMessage()))
                            + "); give a list of numbers, or an object with one by the name input, on each line.");
        }
        String name = Integer.toString(line);
        if (value instanceof Map<?, ?> members) {
            Object id = members.get("id");
            name = id == null || id instanceof Map || id instanceof List ? name : id.toString();
            value = NUMBERS.stream()
                    .filter(members::containsKey)
                    .map(key -> (Object) members.get(key))
                    .findFirst()
                    .orElseThrow(() ->
                            wrong(file, line, "has neither input nor features; give a list of numbers by that name."));
        }
        List<Double> numbers = new ArrayList<>();
        flatten(value, numbers, file, line);
        take(name, numbers, file, line, "");
    }

    private static void flatten(Object value, List<Double> numbers, String file, int line) {
        if (value instanceof List<?> list) {
            list.forEach(entry -> flatten(entry, numbers, file, line));
        } else if (value instanceof Number number) {
            numbers.add(number.doubleValue());
        } else {
            throw wrong(
                    file,
                    line,
                    "has " + FileFailure.printable(String.valueOf(value))
                            + " where a number is expected; give numbers.");
        }
    }

    private void take(String name, List<Double> numbers, String file, int line, String remedy) {
        if (numbers.size() != shape.size()) {
            throw wrong(
                    file,
                    line,
                    "has " + numbers.size() + " numbers, but the network reads " + shape.size() + " (" + shape + ")"
                            + (remedy.isEmpty() ? "; give as many." : remedy));
        }
        if (bytes) {
            byte[] sample = new byte[numbers.size()];
            for (int i = 0; i < sample.length; i++) {
                double value = numbers.get(i);
                if (!(value >= 0 && value <= WHITE && value == Math.rint(value))) {
                    throw wrong(
                            file,
                            line,
                            "has the number " + value
                                    + ", but the network was trained on bytes; give whole numbers from 0 to 255.");
                }
                sample[i] = (byte) (int) value;
            }
            taker.take(name, sample);
        } else {
            float[] sample = new float[numbers.size()];
            for (int i = 0; i < sample.length; i++) {
                sample[i] = numbers.get(i).floatValue();
                if (!Float.isFinite(sample[i])) {
                    throw wrong(file, line, "has the number " + numbers.get(i) + "; give numbers that are finite.");
                }
            }
            taker.take(name, sample);
        }
    }

    /** A table's lines, the first of which may name the columns. */
    private final class Table {
        private final String file;
        private @Nullable List<String> header;
        private boolean @Nullable [] left;

        Table(String file) {
            this.file = file;
        }

        void row(String text, int line) {
            List<String> cells = cells(text, line);
            boolean[] out = left;
            if (out == null) {
                out = leftOut(cells);
                left = out;
                if (isHeader(cells, out)) {
                    header = cells;
                    return;
                }
            }
            if (cells.size() != out.length) {
                throw wrong(
                        file,
                        line,
                        "has " + cells.size() + " cells, and others have " + out.length + "; give all as many.");
            }
            List<Double> numbers = new ArrayList<>();
            for (int i = 0; i < out.length; i++) {
                if (!out[i]) {
                    Double value = number(cells.get(i));
                    if (value == null) {
                        throw wrong(
                                file,
                                line,
                                "has '" + FileFailure.printable(cells.get(i)) + "' in column " + title(i)
                                        + "; give a number, or leave the column out.");
                    }
                    numbers.add(value);
                }
            }
            take(Integer.toString(line), numbers, file, line, "; leave columns out, or give as many.");
        }

        /** Returns whether a first line names columns: no cell that would be read is a number. */
        private static boolean isHeader(List<String> cells, boolean[] out) {
            return IntStream.range(0, out.length).noneMatch(i -> !out[i] && number(cells.get(i)) != null);
        }

        private String title(int column) {
            List<String> names = header;
            return names == null ? Integer.toString(column + 1) : FileFailure.printable(names.get(column));
        }

        private boolean[] leftOut(List<String> cells) {
            boolean[] out = new boolean[cells.size()];
            for (String column : without) {
                int at = column.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(column) - 1 : cells.indexOf(column);
                if (at < 0 || at >= out.length) {
                    throw new DatasetException("There is no column '" + FileFailure.printable(column) + "' in " + file
                            + ", whose first line has " + cells.size() + " cells; name one of them, or its number.");
                }
                out[at] = true;
            }
            return out;
        }

        private static @Nullable Double number(String cell) {
            try {
                return cell.toLowerCase(Locale.ROOT).matches(".*[dfx].*") ? null : Double.valueOf(cell);
            } catch (NumberFormatException e) {
                return null;
            }
        }

        private List<String> cells(String text, int line) {
            List<String> cells = new ArrayList<>();
            StringBuilder cell = new StringBuilder();
            boolean quoted = false;
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c == '"') {
                    if (quoted && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                        cell.append('"');
                        i++;
                    } else {
                        quoted = !quoted;
                    }
                } else if (c == ',' && !quoted) {
                    cells.add(cell.toString().strip());
                    cell.setLength(0);
                } else {
                    cell.append(c);
                }
            }
            if (quoted) {
                throw wrong(file, line, "ends within quotes; close them.");
            }
            cells.add(cell.toString().strip());
            return cells;
        }
    }
}
