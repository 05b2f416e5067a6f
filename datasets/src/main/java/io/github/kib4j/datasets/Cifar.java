package io.github.kib4j.datasets;

import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The binary versions of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3 x 32 x 32 pixels. */
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

    List<String> trainFiles() {
        return hundred
                ? List.of("train.bin")
                : List.of(
                        "data_batch_1.bin",
                        "data_batch_2.bin",
                        "data_batch_3.bin",
                        "data_batch_4.bin",
                        "data_batch_5.bin");
    }

    List<String> testFiles() {
        return List.of(hundred ? "test.bin" : "test_batch.bin");
    }

    /** Returns whether a folder has a file of a name that the data set's files have. */
    boolean isFolder(Path folder) {
        return Stream.concat(trainFiles().stream(), testFiles().stream())
                .anyMatch(name -> RegularFile.isNamed(folder.resolve(name)));
    }

    /** Reads training or test images from a folder or a {@code .tar.gz}. */
    ImageSet[] read(String name, Path source) {
        Map<String, byte[]> archive = Files.isDirectory(source) ? Map.of() : unpack(source);
        return new ImageSet[] {
            join(name + " train", trainFiles(), source, archive), join(name + " test", testFiles(), source, archive)
        };
    }

    private Map<String, byte[]> unpack(Path file) {
        Map<String, byte[]> found = new TreeMap<>();
        RegularFile.require(file);
        try (InputStream unzipped = Bytes.unzip(Files.newInputStream(file));
                TarArchiveInputStream tar = new TarArchiveInputStream(unzipped)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                if (trainFiles().contains(name) || testFiles().contains(name)) {
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

    private ImageSet join(String name, List<String> files, Path source, Map<String, byte[]> archive) {
        int record = PIXELS + (hundred ? 2 : 1);
        byte[][] parts =
                files.stream().map(file -> part(file, source, archive, record)).toArray(byte[][]::new);
        int count = 0;
        for (byte[] part : parts) {
            count += part.length / record;
        }
        byte[] pixels = new byte[Math.multiplyExact(count, PIXELS)];
        int[] labels = new int[count];
        int at = 0;
        for (int p = 0; p < parts.length; p++) {
            for (int start = 0; start < parts[p].length; start += record, at++) {
                labels[at] = label(parts[p], start, source.resolve(files.get(p)), start / record);
                System.arraycopy(parts[p], start + record - PIXELS, pixels, at * PIXELS, PIXELS);
            }
        }
        return new ImageSet(name, IMAGE, pixels, labels, classNames);
    }

    private int label(byte[] part, int start, Path file, int image) {
        int label = part[start + (hundred ? 1 : 0)] & 0xFF;
        if (label >= classNames.size()) {
            throw new DatasetException("The file " + file + " has label " + label + " at image " + image
                    + ", but there are only " + classNames.size() + " classes; fetch it again.");
        }
        return label;
    }

    private static byte[] part(String name, Path source, Map<String, byte[]> archive, int record) {
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
        if (bytes.length == 0 || bytes.length % record != 0) {
            throw new DatasetException(
                    "The file " + file + " has " + bytes.length + " bytes, which is no whole number of images of "
                            + record + " bytes; it is cut short or not of this format: fetch it again.");
        }
        return bytes;
    }
}
