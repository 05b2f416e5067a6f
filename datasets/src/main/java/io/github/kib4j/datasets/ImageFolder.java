package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Folders of PNG or JPEG images, one for each class: {@code DIR/train/CLASS/*} and {@code DIR/test/CLASS/*}, or
 * {@code DIR/CLASS/*}, of which every tenth image of each class (in the order of names) is then for testing.
 */
final class ImageFolder {
    private static final int EVERY = 10;

    private ImageFolder() {}

    private record Labelled(Path file, int label) {}

    static Dataset read(Path folder) {
        Path train = folder.resolve("train");
        Path test = folder.resolve("test");
        if (Files.isDirectory(train) && Files.isDirectory(test)) {
            List<String> classes = classes(train);
            if (!classes.equals(classes(test))) {
                throw new DatasetException("The folders " + train + " and " + test + " have different classes: "
                        + classes + " and " + classes(test) + ".");
            }
            return dataset(files(train, classes), files(test, classes), classes, folder);
        }
        List<String> classes = classes(folder);
        List<Labelled> forTraining = new ArrayList<>();
        List<Labelled> forTesting = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            List<Path> images = images(folder.resolve(classes.get(label)));
            for (int i = 0; i < images.size(); i++) {
                (i % EVERY == EVERY - 1 ? forTesting : forTraining).add(new Labelled(images.get(i), label));
            }
        }
        return dataset(forTraining, forTesting, classes, folder);
    }

    private static List<String> classes(Path folder) {
        List<String> names = children(folder).stream()
                .filter(Files::isDirectory)
                .map(p -> p.getFileName().toString())
                .toList();
        if (names.size() < 2) {
            throw new DatasetException("The folder " + folder
                    + " needs a folder of images for each of at least 2 classes, but has " + names.size() + ".");
        }
        return names;
    }

    private static List<Labelled> files(Path folder, List<String> classes) {
        List<Labelled> all = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            for (Path image : images(folder.resolve(classes.get(label)))) {
                all.add(new Labelled(image, label));
            }
        }
        return all;
    }

    private static List<Path> images(Path folder) {
        return children(folder).stream()
                .filter(p -> p.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.(png|jpg|jpeg)"))
                .toList();
    }

    private static List<Path> children(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new DatasetException(
                    "The folder " + folder + " cannot be read (" + e.getMessage()
                            + "); name a folder with a folder of images for each class.",
                    e);
        }
    }

    private static Dataset dataset(List<Labelled> train, List<Labelled> test, List<String> classes, Path folder) {
        if (train.isEmpty() || test.isEmpty()) {
            throw new DatasetException("The folder " + folder + " has " + train.size() + " training and " + test.size()
                    + " test images; each class needs at least " + EVERY
                    + " PNG or JPEG images, or use train and test folders.");
        }
        Shape image = shape(decode(train.get(0).file()));
        ImageSet trainSet = load("folder train", train, image, classes);
        ImageSet testSet = load("folder test", test, image, classes);
        List<Double> half = Collections.nCopies(3, 0.5);
        return new Dataset("folder", trainSet, testSet, half, half, 0, false);
    }

    private static ImageSet load(String name, List<Labelled> files, Shape shape, List<String> classes) {
        int plane = shape.extent(1) * shape.extent(2);
        byte[] pixels = new byte[Math.multiplyExact(files.size(), 3 * plane)];
        int[] labels = new int[files.size()];
        for (int i = 0; i < files.size(); i++) {
            BufferedImage image = decode(files.get(i).file());
            if (!shape(image).equals(shape)) {
                throw new DatasetException("The image " + files.get(i).file() + " is " + shape(image)
                        + ", but the first one is " + shape + "; scale all images to one size.");
            }
            labels[i] = files.get(i).label();
            copy(image, pixels, i * 3 * plane);
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

    private static BufferedImage decode(Path file) {
        try {
            BufferedImage image = ImageIO.read(file.toFile());
            if (image != null) {
                return image;
            }
            throw new DatasetException("The file " + file + " is no PNG or JPEG image; remove it or write it again.");
        } catch (IOException | RuntimeException e) {
            if (e instanceof DatasetException own) {
                throw own;
            }
            throw new DatasetException(
                    "The image " + file + " cannot be read (" + e.getMessage() + "); remove it or write it again.", e);
        }
    }
}
