package io.github.kib4j.datasets;

import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/**
 * CIFAR-10 and CIFAR-100, as a folder or an archive, gzipped or not: the binary version (records of one or two label bytes and 3
 * x 32 x 32 pixels) or the one for Python (pickles of an array and labels), which torchvision keeps. Classes have the names that
 * the version's list of names gives, where it is there.
 */
final class Cifar {
    private static final Shape IMAGE = Shape.of(3, 32, 32);
    private static final int PIXELS = 3072;
    private static final long LARGEST_FILE = 1L << 28;

    private final boolean hundred;
    private final List<String> classNames;

    /** Chooses CIFAR-100 (fine labels) or CIFAR-10. */
    Cifar(boolean hundred, List<String> classNames) {
        this.hundred = hundred;
        this.classNames = classNames;
    }

    /** The publisher's two versions: their files for training, for tests, and of the classes' names. */
    private record Version(boolean python, List<String> train, String test, String names) {
        Stream<String> files() {
            return Stream.concat(train.stream(), Stream.of(test));
        }
    }

    /** Returns the versions, the one to be taken first in front. */
    private List<Version> versions() {
        if (hundred) {
            return List.of(
                    new Version(false, List.of("train.bin"), "test.bin", "fine_label_names.txt"),
                    new Version(true, List.of("train"), "test", "meta"));
        }
        List<String> batches =
                IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i).toList();
        return List.of(
                new Version(
                        false,
                        batches.stream().map(name -> name + ".bin").toList(),
                        "test_batch.bin",
                        "batches.meta.txt"),
                new Version(true, batches, "test_batch", "batches.meta"));
    }

    /** Returns the binary version's files for training. */
    List<String> trainFiles() {
        return versions().get(0).train();
    }

    /** Returns the binary version's files for tests. */
    List<String> testFiles() {
        return List.of(versions().get(0).test());
    }

    /** Returns whether a folder has a file of a name that the data set's files have. */
    boolean isFolder(Path folder) {
        return versions().stream().anyMatch(version -> isFolder(folder, version));
    }

    /** CIFAR-100's names for Python, {@code train}, {@code test} and {@code meta}, may be anybody's: two must be files. */
    private boolean isFolder(Path folder, Version version) {
        return hundred && version.python()
                ? Stream.concat(version.files(), Stream.of(version.names()))
                                .filter(name -> Files.isRegularFile(folder.resolve(name)))
                                .count()
                        >= 2
                : version.files().map(folder::resolve).anyMatch(RegularFile::isNamed);
    }

    /** Returns the names of all files that are read. */
    List<String> fileNames() {
        return versions().stream()
                .flatMap(version -> Stream.concat(version.files(), Stream.of(version.names())))
                .toList();
    }

    /** Returns whether a file is an archive that has a file of a name that the data set's files have; it is read up to that. */
    boolean isArchive(Path file) {
        List<String> wanted = versions().stream().flatMap(Version::files).toList();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(Bytes.open(Files.newInputStream(file)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (entry.isFile() && wanted.contains(baseName(entry))) {
                    return true;
                }
            }
        } catch (IOException | RuntimeException e) {
            return false;
        }
        return false;
    }

    private static String baseName(TarArchiveEntry entry) {
        return entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
    }

    /** Reads training or test images from a folder or a {@code .tar.gz}. */
    ImageSet[] read(String name, Path source) {
        boolean folder = Files.isDirectory(source);
        Map<String, byte[]> archive = folder ? Map.of() : unpack(source);
        Version version = versions().stream()
                .filter(v -> folder ? isFolder(source, v) : v.files().anyMatch(archive::containsKey))
                .findFirst()
                .orElse(versions().get(0));
        List<String> names = names(version, source, archive);
        return new ImageSet[] {
            join(name + " train", version, version.train(), source, archive, names),
            join(name + " test", version, List.of(version.test()), source, archive, names)
        };
    }

    private Map<String, byte[]> unpack(Path file) {
        Map<String, byte[]> found = new TreeMap<>();
        List<String> wanted = fileNames();
        RegularFile.require(file);
        try (InputStream unzipped = Bytes.open(Files.newInputStream(file));
                TarArchiveInputStream tar = new TarArchiveInputStream(unzipped)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = baseName(entry);
                if (wanted.contains(name) && entry.isFile()) {
                    found.put(name, content(tar, entry, file));
                }
            }
            unzipped.transferTo(OutputStream.nullOutputStream()); // to its checksum, which is at the end
        } catch (DatasetException e) {
            throw e;
        } catch (IOException e) {
            throw unreadable(file, FileFailure.reason(e), e);
        } catch (RuntimeException e) {
            throw unreadable(file, "it is damaged", e);
        }
        return found;
    }

    private static DatasetException unreadable(Path file, String why, Exception cause) {
        return new DatasetException("The archive " + file + " cannot be read (" + why + "); fetch it again.", cause);
    }

    private static byte[] content(TarArchiveInputStream tar, TarArchiveEntry entry, Path file) throws IOException {
        if (entry.getSize() > LARGEST_FILE) {
            throw new DatasetException("The archive " + file + " announces " + entry.getSize() + " bytes for "
                    + entry.getName() + "; it is damaged: fetch it again.");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        tar.transferTo(bytes);
        if (bytes.size() != entry.getSize()) {
            throw new DatasetException(
                    "The archive " + file + " is cut short in " + entry.getName() + "; fetch it again.");
        }
        return bytes.toByteArray();
    }

    private int record() {
        return PIXELS + (hundred ? 2 : 1);
    }

    private ImageSet join(
            String name,
            Version version,
            List<String> files,
            Path source,
            Map<String, byte[]> archive,
            List<String> names) {
        int record = record();
        byte[][] parts = files.stream()
                .map(file -> records(version, source.resolve(file), part(file, source, archive)))
                .toArray(byte[][]::new);
        int count = 0;
        for (byte[] part : parts) {
            count += part.length / record;
        }
        byte[] pixels = new byte[Math.multiplyExact(count, PIXELS)];
        int[] labels = new int[count];
        int at = 0;
        for (int p = 0; p < parts.length; p++) {
            for (int start = 0; start < parts[p].length; start += record, at++) {
                labels[at] = parts[p][start + record - PIXELS - 1] & 0xFF;
                checkLabel(labels[at], source.resolve(files.get(p)), start / record);
                System.arraycopy(parts[p], start + record - PIXELS, pixels, at * PIXELS, PIXELS);
            }
        }
        return new ImageSet(name, IMAGE, pixels, labels, names);
    }

    private void checkLabel(int label, Path file, int image) {
        if (label >= classNames.size()) {
            throw new DatasetException("The file " + file + " has label " + label + " at image " + image
                    + ", but there are only " + classNames.size() + " classes; fetch it again.");
        }
    }

    private byte[] records(Version version, Path file, byte[] content) {
        byte[] records = version.python() ? ofPython(file, content) : content;
        if (records.length == 0 || records.length % record() != 0) {
            throw new DatasetException(
                    "The file " + file + " has " + records.length + " bytes, which is no whole number of images of "
                            + record() + " bytes; it is cut short or not of this format: fetch it again.");
        }
        return records;
    }

    /** Returns a pickled batch as the binary version's records. */
    private byte[] ofPython(Path file, byte[] content) {
        Map<String, Object> batch = Pickle.read(file, content);
        if (!(batch.get("data") instanceof Numbers data)
                || !data.type().isUnsignedBytes()
                || data.extents().length != 2
                || data.extents()[1] != PIXELS) {
            throw new DatasetException("The file " + file + " has no 'data' of " + PIXELS
                    + " bytes for each image, as CIFAR's files have; fetch it again.");
        }
        int[] labels = labels(file, batch.get(hundred ? "fine_labels" : "labels"));
        int count = data.extents()[0];
        if (labels.length != count) {
            throw new DatasetException("The file " + file + " has " + labels.length + " labels, but " + count
                    + " images; fetch it again.");
        }
        byte[] records = new byte[Math.multiplyExact(count, record())];
        for (int i = 0; i < count; i++) {
            checkLabel(labels[i], file, i);
            int start = i * record() + record() - PIXELS;
            records[start - 1] = (byte) labels[i];
            System.arraycopy(data.data(), data.offset() + i * PIXELS, records, start, PIXELS);
        }
        return records;
    }

    private int[] labels(Path file, @Nullable Object found) {
        if (found instanceof Numbers numbers) {
            return numbers.labels(file);
        }
        if (!(found instanceof List<?> list)) {
            throw new DatasetException("The file " + file + " has no '" + (hundred ? "fine_labels" : "labels")
                    + "', as CIFAR's files have; fetch it again.");
        }
        int[] labels = new int[list.size()];
        for (int i = 0; i < labels.length; i++) {
            boolean fits = list.get(i) instanceof Long label && label >= 0 && label < classNames.size();
            labels[i] = fits ? ((Long) list.get(i)).intValue() : Integer.MAX_VALUE;
            if (!fits) {
                throw new DatasetException("The file " + file + " has label " + list.get(i) + " at image " + i
                        + ", but there are only " + classNames.size() + " classes; fetch it again.");
            }
        }
        return labels;
    }

    /** Returns the classes' names as the version's list has them; where there is none, as they are known. */
    private List<String> names(Version version, Path source, Map<String, byte[]> archive) {
        Path file = source.resolve(version.names());
        if (!archive.containsKey(version.names()) && !Files.isRegularFile(file)) {
            return classNames;
        }
        byte[] content = part(version.names(), source, archive);
        List<?> names = version.python()
                ? Pickle.read(file, content).get(hundred ? "fine_label_names" : "label_names") instanceof List<?> list
                        ? list
                        : List.of()
                : new String(content, StandardCharsets.UTF_8)
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .toList();
        if (names.size() != classNames.size() || !names.stream().allMatch(String.class::isInstance)) {
            throw new DatasetException("The file " + file + " has " + names.size() + " names of classes, not "
                    + classNames.size() + "; remove it, or fetch it again.");
        }
        return names.stream().map(String.class::cast).toList();
    }

    private static byte[] part(String name, Path source, Map<String, byte[]> archive) {
        Path file = source.resolve(name);
        byte[] bytes = archive.get(name);
        try {
            if (bytes == null) {
                if (!RegularFile.isNamed(file)) {
                    throw new DatasetException("There is no " + name + " in " + source
                            + "; the data set is not complete: fetch it again.");
                }
                if (Files.size(RegularFile.require(file)) > LARGEST_FILE) {
                    throw new DatasetException(
                            "The file " + file + " is too large for a CIFAR file; name the right folder.");
                }
                bytes = Files.readAllBytes(file);
            }
        } catch (IOException e) {
            throw new DatasetException(
                    "The file " + file + " cannot be read (" + FileFailure.reason(e) + "); check its permissions.", e);
        }
        return bytes;
    }
}
