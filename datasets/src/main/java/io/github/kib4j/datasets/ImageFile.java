package io.github.kib4j.datasets;

import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.jspecify.annotations.Nullable;

/**
 * A decoded image file: PNG, JPEG, BMP, the first frame of a GIF, the first page of a TIFF.
 *
 * @param shape {@code 3 x H x W}
 * @param pixels the planes, one after the other
 */
@SuppressWarnings("ArrayRecordComponent") // copied into a set of images, never compared
record ImageFile(Shape shape, byte[] pixels) {
    /** What is read, for people. */
    static final String FORMATS = "PNG, JPEG, BMP, GIF or TIFF";

    private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "jpe", "jfif", "bmp", "gif", "tif", "tiff");
    /** Warnings of decoders that speak of no damage: of what libjpeg and Java's TIFF reader assume where a file does not say. */
    private static final Set<String> HARMLESS =
            Set.of("Unknown Adobe", "Warning: unknown JFIF", "Invalid SOS parameters", "REFERENCE_BLACK_WHITE");

    private static final int LARGEST_EXTENT = 4096;
    private static final int LARGEST_FILE = 1 << 28;

    /** Returns what follows the last dot of a file's name, in lower case; empty if nothing does. */
    static String ending(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    /** Returns whether a file's name is that of an image that is read. */
    static boolean isNamedSo(Path file) {
        return ENDINGS.contains(ending(file));
    }

    /**
     * Reads an image, whose size is looked at before its pixels get memory.
     *
     * @param expected the shape that it must have; null for any
     * @throws DatasetException if it is none, damaged, or of another shape
     */
    static ImageFile read(Path file, @Nullable Shape expected) {
        try {
            byte[] bytes = bytes(file);
            if (Jpeg.is(bytes)) {
                return jpeg(file, new Jpeg(bytes), expected);
            }
            String damage = Png.is(bytes) ? Png.damage(bytes) : Tiff.is(bytes) ? Tiff.damage(bytes) : null;
            if (damage != null) {
                throw unreadable(file, damage, null);
            }
            return decode(file, bytes, expected, reader -> Samples.planes(reader.read(0)));
        } catch (DatasetException e) {
            throw e;
        } catch (UnsupportedOperationException e) {
            throw unreadable(file, reason(e), e);
        } catch (IOException e) {
            throw unreadable(file, FileFailure.reason(e), e);
        } catch (RuntimeException e) {
            throw unreadable(file, "it is damaged", e);
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(RegularFile.require(file))) {
            byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
            if (bytes.length > LARGEST_FILE) {
                throw unreadable(file, "it has more than " + LARGEST_FILE + " bytes", null);
            }
            return bytes;
        }
    }

    private static ImageFile jpeg(Path file, Jpeg jpeg, @Nullable Shape expected) throws IOException {
        if (jpeg.lacksScans()) {
            throw unreadable(file, "it is cut short", null);
        }
        Jpeg.Colours colours = jpeg.colours();
        boolean inks = colours == Jpeg.Colours.CMYK || colours == Jpeg.Colours.YCCK;
        return decode(
                file,
                jpeg.decodable(),
                expected,
                reader -> inks
                        ? Samples.jpegInks(reader.readRaster(0, null), colours == Jpeg.Colours.YCCK)
                        : Samples.planes(reader.read(0)));
    }

    @FunctionalInterface
    private interface Decoding {
        byte[] planes(ImageReader reader) throws IOException;
    }

    private static ImageFile decode(Path file, byte[] bytes, @Nullable Shape expected, Decoding decoding)
            throws IOException {
        try (ImageBytes in = new ImageBytes(bytes)) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new DatasetException("The file " + file + " is no " + FORMATS + " image" + found(bytes)
                        + "; remove it or write it again.");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                Shape shape = checkedShape(file, reader.getWidth(0), reader.getHeight(0), expected);
                List<String> warnings = new ArrayList<>();
                reader.addIIOReadWarningListener((source, warning) -> {
                    if (HARMLESS.stream().noneMatch(warning::startsWith)) {
                        warnings.add(warning);
                    }
                });
                byte[] planes = decoding.planes(reader);
                if (!warnings.isEmpty()) {
                    throw unreadable(file, reported(warnings.get(0)), null);
                }
                if (planes.length != shape.size()) {
                    throw unreadable(file, "it is not of the size that it announces", null);
                }
                return new ImageFile(shape, planes);
            } finally {
                reader.dispose();
            }
        }
    }

    /** Returns what a decoder reports as a part of a sentence; what it says of its own insides is left out. */
    private static String reported(String warning) {
        String line = FileFailure.printable(warning).replaceFirst("[.]+$", "");
        return line.contains("Exception") ? "it is damaged" : "it is damaged: " + line;
    }

    /** Returns what is often found under another format's name. */
    private static String found(byte[] bytes) {
        String start = new String(bytes, 0, Math.min(12, bytes.length), StandardCharsets.ISO_8859_1);
        return start.startsWith("RIFF") && start.endsWith("WEBP") ? ", but WebP" : "";
    }

    private static Shape checkedShape(Path file, int width, int height, @Nullable Shape expected) {
        if (width < 1 || height < 1 || width > LARGEST_EXTENT || height > LARGEST_EXTENT) {
            throw new DatasetException(
                    "The image " + file + " is " + width + " x " + height + ", but images may have 1 to "
                            + LARGEST_EXTENT + " pixels a side; scale it down or write it again.");
        }
        Shape shape = Shape.of(3, height, width);
        if (expected != null && !shape.equals(expected)) {
            throw new DatasetException("The image " + file + " is " + shape + ", but the first one is " + expected
                    + "; bring all images to one size.");
        }
        return shape;
    }

    private static String reason(UnsupportedOperationException e) {
        return e.getMessage() == null ? "it is damaged" : e.getMessage();
    }

    private static DatasetException unreadable(Path file, String why, @Nullable Exception cause) {
        String sentence = "The image " + file + " cannot be read (" + why + "); remove it or write it again.";
        return cause == null ? new DatasetException(sentence) : new DatasetException(sentence, cause);
    }
}
