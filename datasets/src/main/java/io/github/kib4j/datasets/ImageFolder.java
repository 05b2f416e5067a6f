package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Folders of PNG or JPEG images, one for each class: {@code DIR/train/CLASS/*} and {@code DIR/test/CLASS/*}, or
 * {@code DIR/CLASS/*}, of which every tenth image of each class (in the order of names) is then for testing.
 */
final class ImageFolder {
    private static final int EVERY = 10;
    private static final int LARGEST_EXTENT = 4096;
    private static final long LARGEST_SET = 1L << 30;

    private ImageFolder() {}

    private record Labelled(Path file, int label) {}

    static Dataset read(Path folder, Selection selection, Consumer<String> notes) {
        Path train = folder.resolve("train");
        Path test = folder.resolve("test");
        if (Files.isDirectory(train) && Files.isDirectory(test)) {
            List<String> classes = names(classes(train));
            if (!classes.equals(names(classes(test)))) {
                throw new DatasetException("The folders " + train + " and " + test + " have different classes: "
                        + classes + " and " + names(classes(test)) + "; give both the same folders.");
            }
            return dataset(files(classes(train)), files(classes(test)), classes, folder, selection);
        }
        List<Path> classes = classes(folder);
        List<Labelled> forTraining = new ArrayList<>();
        List<Labelled> forTesting = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            List<Path> images = images(classes.get(label));
            for (int i = 0; i < images.size(); i++) {
                (i % EVERY == EVERY - 1 ? forTesting : forTraining).add(new Labelled(images.get(i), label));
            }
        }
        return dataset(forTraining, forTesting, names(classes), folder, selection);
    }

    /** Returns the folders of the classes; names are only for people, since not every file name is text. */
    private static List<Path> classes(Path folder) {
        List<Path> entries = children(folder);
        entries.stream().filter(entry -> !Files.exists(entry)).findFirst().ifPresent(entry -> {
            throw new DatasetException(entry + " is " + RegularFile.other(entry)
                    + ", so that it is unknown whether it is a class; remove or mend it.");
        });
        List<Path> classes = entries.stream().filter(Files::isDirectory).toList();
        if (classes.size() < 2) {
            throw new DatasetException("The folder " + folder
                    + " needs a folder of images for each of at least 2 classes, but has " + classes.size() + ".");
        }
        return classes;
    }

    private static List<String> names(List<Path> classes) {
        return classes.stream().map(p -> p.getFileName().toString()).toList();
    }

    private static List<Labelled> files(List<Path> classes) {
        List<Labelled> all = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            for (Path image : images(classes.get(label))) {
                all.add(new Labelled(image, label));
            }
        }
        return all;
    }

    private static List<Path> images(Path folder) {
        return children(folder).stream()
                .filter(p -> p.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.(png|jpg|jpeg)"))
                .map(RegularFile::require)
                .toList();
    }

    private static List<Path> children(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) { // to list a pipe is to wait for its writer
            throw unreadableFolder(folder, new NotDirectoryException(folder.toString()));
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw unreadableFolder(folder, e);
        } catch (UncheckedIOException e) {
            throw unreadableFolder(folder, Objects.requireNonNull(e.getCause()));
        }
    }

    private static DatasetException unreadableFolder(Path folder, IOException cause) {
        return new DatasetException(
                "The folder " + folder + " cannot be read (" + FileFailure.reason(cause)
                        + "); name a folder with a folder of images for each class.",
                cause);
    }

    private static Dataset dataset(
            List<Labelled> allTrain, List<Labelled> allTest, List<String> classes, Path folder, Selection selection) {
        List<Labelled> train = allTrain;
        List<Labelled> test = allTest;
        if (selection.validation()) {
            Validation.Split split = Validation.split("the folder " + folder, allTrain.size());
            train = Arrays.stream(split.train()).mapToObj(allTrain::get).toList();
            test = Arrays.stream(split.validation()).mapToObj(allTrain::get).toList();
        }
        train = share(train, selection.train(), classes.size());
        test = share(test, selection.test(), classes.size());
        if (train.isEmpty() || test.isEmpty()) {
            throw new DatasetException("The folder " + folder + " has " + train.size() + " training and " + test.size()
                    + " test images; each class needs at least " + EVERY
                    + " PNG or JPEG images, or use train and test folders.");
        }
        Shape image = shape(decode(train.get(0).file(), null));
        ImageSet trainSet = load("folder train", train, image, classes);
        ImageSet testSet = load("folder test", test, image, classes);
        List<Double> half = Collections.nCopies(3, 0.5);
        return new Dataset("folder", trainSet, testSet, half, half, 0, false);
    }

    /**
     * Returns at most {@code limit} images, of each class its first and as many as of the others while it has them; 0 for all.
     * Order is kept.
     */
    private static List<Labelled> share(List<Labelled> all, int limit, int classes) {
        if (limit == 0 || limit >= all.size()) {
            return all;
        }
        int[] seen = new int[classes];
        int[] rank = all.stream().mapToInt(image -> seen[image.label()]++).toArray();
        return IntStream.range(0, all.size())
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> rank[i])
                        .thenComparing(i -> all.get(i).label()))
                .limit(limit)
                .sorted()
                .map(all::get)
                .toList();
    }

    private static ImageSet load(String name, List<Labelled> files, Shape shape, List<String> classes) {
        int plane = shape.extent(1) * shape.extent(2);
        if (3L * plane * files.size() > LARGEST_SET) {
            throw new DatasetException(
                    "The " + files.size() + " images beside " + files.get(0).file() + " of " + shape + " are more than "
                            + LARGEST_SET + " bytes; scale them down or take fewer.");
        }
        byte[] pixels = new byte[files.size() * 3 * plane];
        int[] labels = new int[files.size()];
        for (int i = 0; i < files.size(); i++) {
            labels[i] = files.get(i).label();
            copy(decode(files.get(i).file(), shape), pixels, i * 3 * plane);
        }
        return new ImageSet(name, shape, pixels, labels, classes);
    }

    /** Copies an image's planes; of a gray one the same thrice, unconverted, since Java's conversion would brighten it. */
    private static void copy(BufferedImage image, byte[] pixels, int start) {
        int width = image.getWidth();
        int plane = width * image.getHeight();
        boolean gray = image.getType() == BufferedImage.TYPE_BYTE_GRAY;
        for (int p = 0; p < plane; p++) {
            int rgb = gray
                    ? image.getRaster().getSample(p % width, p / width, 0) * 0x010101
                    : image.getRGB(p % width, p / width);
            for (int c = 0; c < 3; c++) {
                pixels[start + c * plane + p] = (byte) (rgb >> (16 - 8 * c));
            }
        }
    }

    private static Shape shape(BufferedImage image) {
        return Shape.of(3, image.getHeight(), image.getWidth());
    }

    /** Reads an image whose size is looked at before its pixels get memory. */
    static BufferedImage decode(Path file, @Nullable Shape expected) {
        try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DatasetException(
                        "The file " + file + " is no PNG or JPEG image; remove it or write it again.");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                checkSize(file, reader.getWidth(0), reader.getHeight(0), expected);
                return reader.read(0);
            } finally {
                reader.dispose();
            }
        } catch (DatasetException e) {
            throw e;
        } catch (IOException e) {
            throw unreadable(file, FileFailure.reason(e), e);
        } catch (RuntimeException e) {
            throw unreadable(file, "it is damaged", e);
        }
    }

    private static void checkSize(Path file, int width, int height, @Nullable Shape expected) {
        if (width < 1 || height < 1 || width > LARGEST_EXTENT || height > LARGEST_EXTENT) {
            throw new DatasetException(
                    "The image " + file + " is " + width + " x " + height + ", but images may have 1 to "
                            + LARGEST_EXTENT + " pixels a side; scale it down or write it again.");
        }
        Shape shape = Shape.of(3, height, width);
        if (expected != null && !shape.equals(expected)) {
            throw new DatasetException("The image " + file + " is " + shape + ", but the first one is " + expected
                    + "; scale all images to one size.");
        }
    }

    private static DatasetException unreadable(Path file, String why, Exception cause) {
        return new DatasetException(
                "The image " + file + " cannot be read (" + why + "); remove it or write it again.", cause);
    }
}
