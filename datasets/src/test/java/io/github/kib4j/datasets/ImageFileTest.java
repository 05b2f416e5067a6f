package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.RenderedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images of every kind are read as themselves: samples as they are stored, as PIL's {@code convert("RGB")} gives them. Damaged
 * ones are refused.
 */
final class ImageFileTest {
    private static final int[] GREYS = {0, 4, 8, 20, 64, 128, 192, 252};
    private static final int WIDTH = 11;
    private static final int HEIGHT = 9;

    @TempDir
    Path folder;

    private byte[] pixels(byte[] file) throws IOException {
        return ImageFile.read(Files.write(folder.resolve("image"), file), null).pixels();
    }

    private static byte[] gamma() {
        return new byte[] {0, 1, (byte) 0x86, (byte) 0xA0}; // 100000: linear light
    }

    private static byte[] profile() {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.writeBytes(new byte[] {'p', 0, 0});
        chunk.writeBytes(PngWriter.zip(linear()));
        return chunk.toByteArray();
    }

    private static byte[] linear() {
        return ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    }

    /** A kind of PNG file. */
    private record Kind(int type, int depth, boolean interlaced, String chunk) {
        int most() {
            return (1 << depth) - 1;
        }

        /** Returns a sample; of 8 and 16 bits every one of the gray values is among them. */
        int sample(int pixel, int channel, Random random) {
            if (depth >= 8 && channel == 0 && pixel < GREYS.length) {
                return depth == 8 ? GREYS[pixel] : GREYS[pixel] << 8 | random.nextInt(256);
            }
            return random.nextInt(most() + 1);
        }

        /** Returns what a sample is in 8 bits. */
        int byteOf(int sample) {
            return depth == 16 ? sample >> 8 : sample * 255 / most();
        }
    }

    static Stream<Kind> kinds() {
        List<Kind> kinds = new ArrayList<>();
        for (boolean interlaced : new boolean[] {false, true}) {
            for (String chunk : new String[] {"", "gAMA", "iCCP", "tRNS"}) {
                for (int depth : new int[] {1, 2, 4, 8, 16}) {
                    kinds.add(new Kind(PngWriter.GREY, depth, interlaced, chunk));
                }
                for (int depth : new int[] {1, 2, 4, 8}) {
                    kinds.add(new Kind(PngWriter.PALETTE, depth, interlaced, chunk));
                }
                for (int depth : new int[] {8, 16}) {
                    kinds.add(new Kind(PngWriter.RGB, depth, interlaced, chunk));
                    if (!chunk.equals("tRNS")) {
                        kinds.add(new Kind(PngWriter.GREY_ALPHA, depth, interlaced, chunk));
                        kinds.add(new Kind(PngWriter.RGB_ALPHA, depth, interlaced, chunk));
                    }
                }
            }
        }
        return kinds.stream();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void pngsAreReadAsThemselves(Kind kind) throws IOException {
        Random random = new Random(20);
        int channels = PngWriter.channels(kind.type());
        int[][] samples = new int[WIDTH * HEIGHT][channels];
        for (int p = 0; p < samples.length; p++) {
            for (int c = 0; c < channels; c++) {
                samples[p][c] = kind.sample(p, c, random);
            }
        }
        byte[] palette = new byte[3 << Math.min(8, kind.depth())];
        random.nextBytes(palette);
        PngWriter writer = new PngWriter(WIDTH, HEIGHT, kind.type(), kind.depth(), kind.interlaced());
        switch (kind.chunk()) {
            case "gAMA" -> writer.with("gAMA", gamma());
            case "iCCP" -> writer.with("iCCP", profile());
            default -> {}
        }
        if (kind.type() == PngWriter.PALETTE) {
            writer.with("PLTE", palette);
        }
        if (kind.chunk().equals("tRNS")) {
            byte[] key = new byte[2 * channels];
            for (int c = 0; c < channels; c++) {
                key[2 * c] = (byte) (samples[3][c] >> 8);
                key[2 * c + 1] = (byte) samples[3][c];
            }
            writer.with("tRNS", kind.type() == PngWriter.PALETTE ? new byte[] {0, 77} : key);
        }
        byte[] pixels = pixels(writer.bytes(samples));
        for (int c = 0; c < 3; c++) {
            for (int p = 0; p < samples.length; p++) {
                int expected = switch (kind.type()) {
                    case PngWriter.PALETTE -> palette[3 * samples[p][0] + c] & 0xFF;
                    case PngWriter.GREY, PngWriter.GREY_ALPHA -> kind.byteOf(samples[p][0]);
                    default -> kind.byteOf(samples[p][c]);
                };
                assertThat(pixels[c * samples.length + p] & 0xFF)
                        .as("plane %d, pixel %d", c, p)
                        .isEqualTo(expected);
            }
        }
    }

    private static byte[] written(String format, RenderedImage image) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        assertThat(ImageIO.write(image, format, bytes)).as(format).isTrue();
        return bytes.toByteArray();
    }

    private static BufferedImage image(BufferedImage image, IntFunction<int[]> pixel) {
        WritableRaster raster = image.getRaster();
        for (int p = 0; p < image.getWidth() * image.getHeight(); p++) {
            raster.setPixel(p % image.getWidth(), p / image.getWidth(), pixel.apply(p));
        }
        return image;
    }

    private static int[] rgb(int p) {
        return new int[] {GREYS[p % 8], 255 - p, 3 * p % 256};
    }

    private void readsGreys(byte[] file, ToIntFunction<Integer> expected) throws IOException {
        byte[] pixels = pixels(file);
        assertThat(pixels).hasSize(3 * WIDTH * HEIGHT);
        for (int p = 0; p < pixels.length; p++) {
            assertThat(pixels[p] & 0xFF).isEqualTo(expected.applyAsInt(p % (WIDTH * HEIGHT)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bmp", "gif", "tiff", "png"})
    void greysOfOtherFormatsAreReadAsThemselves(String format) throws IOException {
        BufferedImage grey =
                image(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY), p -> new int[] {GREYS[p % 8]});
        readsGreys(written(format, grey), p -> GREYS[p % 8]);
        byte[] ramp = new byte[256];
        for (int i = 0; i < 256; i++) {
            ramp[i] = (byte) i;
        }
        BufferedImage palette = image(
                new BufferedImage(
                        WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, ramp, ramp, ramp)),
                p -> new int[] {GREYS[p % 8]});
        readsGreys(written(format, palette), p -> GREYS[p % 8]);
        BufferedImage binary =
                image(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY), p -> new int[] {p % 2});
        readsGreys(written(format, binary), p -> 255 * (p % 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiff", "png"})
    void ofSixteenBitsTheUpperEightAreTaken(String format) throws IOException {
        BufferedImage grey = image(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_USHORT_GRAY), p ->
                new int[] {GREYS[p % 8] << 8 | 255 - p});
        readsGreys(written(format, grey), p -> GREYS[p % 8]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bmp", "tiff", "png"})
    void coloursOfOtherFormatsAreReadAsThemselves(String format) throws IOException {
        BufferedImage image = image(new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB), ImageFileTest::rgb);
        byte[] pixels = pixels(written(format, image));
        for (int p = 0; p < WIDTH * HEIGHT; p++) {
            for (int c = 0; c < 3; c++) {
                assertThat(pixels[c * WIDTH * HEIGHT + p] & 0xFF).isEqualTo(rgb(p)[c]);
            }
        }
    }

    /** Returns a JPEG file of one colour, whose components are as they are given: no marker says what they are. */
    private static byte[] jpeg(int size, int... components) throws IOException {
        WritableRaster raster = Raster.createInterleavedRaster(0, size, size, components.length, new Point());
        for (int p = 0; p < size * size; p++) {
            raster.setPixel(p % size, p / size, components);
        }
        return jpeg(new IIOImage(raster, null, null), false);
    }

    private static byte[] jpeg(IIOImage image, boolean progressive) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        settings.setCompressionQuality(1);
        if (progressive) {
            settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        }
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, image, settings);
        }
        writer.dispose();
        return bytes.toByteArray();
    }

    /** Puts a segment first. */
    private static byte[] with(byte[] jpeg, int marker, byte... content) {
        byte[] all = new byte[jpeg.length + 4 + content.length];
        System.arraycopy(jpeg, 0, all, 0, 2);
        all[2] = (byte) 0xFF;
        all[3] = (byte) marker;
        all[4] = (byte) (content.length + 2 >> 8);
        all[5] = (byte) (content.length + 2);
        System.arraycopy(content, 0, all, 6, content.length);
        System.arraycopy(jpeg, 2, all, 6 + content.length, jpeg.length - 2);
        return all;
    }

    private static byte[] adobe(byte[] jpeg, int transform) {
        return with(
                jpeg,
                0xEE,
                (byte) 'A',
                (byte) 'd',
                (byte) 'o',
                (byte) 'b',
                (byte) 'e',
                (byte) 0,
                (byte) 100,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) transform);
    }

    private static byte[] jfif(byte[] jpeg) {
        return with(jpeg, 0xE0, new byte[] {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0});
    }

    private void readsColour(byte[] file, double red, double green, double blue) throws IOException {
        byte[] pixels = pixels(file);
        double[] expected = {red, green, blue};
        for (int p = 0; p < pixels.length; p++) {
            assertThat((double) (pixels[p] & 0xFF)).isCloseTo(expected[3 * p / pixels.length], within(1.01));
        }
    }

    /** Expected values of inks, and of all else, as PIL 12.3 gives them. */
    @Test
    void componentsOfJpegsAreTheColoursThatLibjpegTakesThemFor() throws IOException {
        byte[] three = jpeg(16, 120, 90, 200);
        double[] converted = {120 + 1.402 * 72, 120 + 0.344136 * 38 - 0.714136 * 72, 120 - 1.772 * 38};
        for (byte[] file : List.of(three, jfif(three), adobe(three, 1), adobe(three, 2), jfif(adobe(three, 0)))) {
            readsColour(file, converted[0], converted[1], converted[2]);
        }
        readsColour(adobe(three, 0), 120, 90, 200);
        readsColour(named(three, "RGB"), 120, 90, 200);
        readsColour(jpeg(16, 77), 77, 77, 77);
        byte[] four = jpeg(16, 120, 90, 200, 230);
        readsColour(four, 120 * 230 / 255.0, 90 * 230 / 255.0, 200 * 230 / 255.0);
        readsColour(adobe(four, 0), 120 * 230 / 255.0, 90 * 230 / 255.0, 200 * 230 / 255.0);
        double light = 230 / 255.0;
        readsColour(
                adobe(four, 2),
                (255 - converted[0]) * light,
                (255 - converted[1]) * light,
                (255 - converted[2]) * light);
    }

    /** Returns the file with other identifiers of its components. */
    private static byte[] named(byte[] jpeg, String names) {
        byte[] named = jpeg.clone();
        for (int i = 0; i + 9 < jpeg.length; i++) {
            boolean frame = jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) 0xC0;
            boolean scan = jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) 0xDA;
            for (int c = 0; c < names.length(); c++) {
                if (frame) {
                    named[i + 10 + 3 * c] = (byte) names.charAt(c);
                } else if (scan) {
                    named[i + 5 + 2 * c] = (byte) names.charAt(c);
                }
            }
        }
        return named;
    }

    @Test
    void profilesOfJpegsChangeNothing() throws IOException {
        byte[] file = noise(40, false);
        byte[] header = "ICC_PROFILE\0\1\1".getBytes(StandardCharsets.ISO_8859_1);
        byte[] segment = Arrays.copyOf(header, header.length + linear().length);
        System.arraycopy(linear(), 0, segment, header.length, linear().length);
        assertThat(pixels(with(file, 0xE2, segment))).isEqualTo(pixels(file));
        assertThat(pixels(with(file, 0xE1, "Exif\0\0".getBytes(StandardCharsets.ISO_8859_1))))
                .isEqualTo(pixels(file));
    }

    private static byte[] noise(int size, boolean progressive) throws IOException {
        Random random = new Random(size);
        BufferedImage image = image(new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB), p ->
                new int[] {random.nextInt(256), random.nextInt(256), random.nextInt(256)});
        return jpeg(new IIOImage(image, null, null), progressive);
    }

    private static int scan(byte[] jpeg) {
        for (int i = 0; ; i++) {
            if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) 0xDA) {
                return i;
            }
        }
    }

    private void refuses(byte[] file, String why) throws IOException {
        Path damaged = Files.write(folder.resolve("damaged.x"), file);
        assertThatThrownBy(() -> ImageFile.read(damaged, null))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining(damaged.toString())
                .hasMessageContaining(why)
                .hasMessageEndingWith("; remove it or write it again.");
    }

    /** Of a damaged JPEG file, a decoder fills what is lost with gray and goes on. */
    @Test
    void damagedJpegsAreRefused() throws IOException {
        byte[] progressive = noise(64, true);
        refuses(Arrays.copyOf(progressive, progressive.length / 2), "it is cut short");
        byte[] file = noise(64, false);
        refuses(Arrays.copyOf(file, file.length / 2), "it is damaged: Corrupt JPEG data");
        long seed = System.nanoTime();
        System.out.println("overwritten JPEG files: seed " + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 100; i++) {
            byte[] overwritten = file.clone();
            int start = scan(file) + 14 + random.nextInt(file.length - scan(file) - 14 - 60 - 2);
            byte[] other = new byte[60];
            random.nextBytes(other);
            System.arraycopy(other, 0, overwritten, start, 60);
            try {
                ImageFile.read(Files.write(folder.resolve("overwritten"), overwritten), null);
            } catch (DatasetException e) {
                refused++;
            }
        }
        assertThat(refused)
                .as("random bits may be codes of as many coefficients as those they replace, but hardly ever are")
                .isGreaterThanOrEqualTo(90);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aJpegWithoutItsEndMarkerIsWhole(boolean progressive) throws IOException {
        byte[] file = noise(24, progressive);
        assertThat(pixels(Arrays.copyOf(file, file.length - 2))).isEqualTo(pixels(file));
        assertThat(pixels(Arrays.copyOf(file, file.length - 1))).isEqualTo(pixels(file));
        assertThat(pixels(Arrays.copyOf(file, file.length + 100)))
                .as("what follows the end marker is not read")
                .isEqualTo(pixels(file));
    }

    private byte[] example(String format) throws IOException {
        Random random = new Random(7);
        return format.equals("jpeg")
                ? noise(16, false)
                : written(format, image(new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_INDEXED), p ->
                        new int[] {random.nextInt(200)}));
    }

    /** Wherever a file ends, it is refused or all of its pixels are there. */
    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "bmp", "gif", "tiff"})
    void ofAFileThatIsCutShortNoPixelIsMadeUp(String format) throws IOException {
        byte[] file = example(format);
        byte[] whole = pixels(file);
        int read = 0;
        for (int length = 0; length < file.length; length += length < file.length - 40 ? 1 + file.length / 150 : 1) {
            Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(file, length));
            try {
                assertThat(ImageFile.read(cut, null).pixels())
                        .as("%d bytes", length)
                        .isEqualTo(whole);
                read++;
            } catch (DatasetException e) {
                assertThat(e).hasMessageContaining(cut.toString());
            }
        }
        assertThat(read).as("no more than an end marker may be missing").isLessThanOrEqualTo(12);
    }

    @Test
    void aPngWhoseBytesAreOthersIsRefused() throws IOException {
        byte[] file = example("png");
        for (int i = 16; i < file.length - 12; i += 3) {
            byte[] changed = file.clone();
            changed[i] ^= 1;
            Path damaged = Files.write(folder.resolve("changed"), changed);
            assertThatThrownBy(() -> ImageFile.read(damaged, null))
                    .as("byte %d", i)
                    .isInstanceOf(DatasetException.class);
        }
        byte[] changed = file.clone();
        changed[60] ^= 1;
        refuses(changed, "the checksum of its part at byte ");
    }

    /** Java's decoders report damage in words of their own, names of exceptions and full stops among them. */
    @Test
    void reportsOfDecodersAreMadePartsOfASentence() throws IOException {
        BufferedImage image = image(new BufferedImage(40, 24, BufferedImage.TYPE_BYTE_GRAY), p -> new int[] {p / 40});
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        settings.setCompressionType("PackBits");
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), settings);
        }
        writer.dispose();
        byte[] file = bytes.toByteArray();
        assertThat(pixels(file)[45]).isEqualTo((byte) 1);
        int reported = 0;
        for (int i = 8; i < file.length; i++) {
            byte[] changed = file.clone();
            changed[i] = 0x7F; // a run of 128 bytes as they are, more than a row has
            try {
                ImageFile.read(Files.write(folder.resolve("changed"), changed), null);
            } catch (DatasetException e) {
                assertThat(e.getMessage()).doesNotContain("Exception").doesNotContain(".)");
                reported += e.getMessage().contains("it is damaged") ? 1 : 0;
            }
        }
        assertThat(reported).isPositive();
    }

    @Test
    void whatIsNoImageOfTheseKindsIsSaid() throws IOException {
        refuses(
                "RIFF    WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1),
                "is no PNG, JPEG, BMP, GIF or TIFF image, but WebP");
        refuses(new byte[0], "is no PNG, JPEG, BMP, GIF or TIFF image");
        BufferedImage image = new BufferedImage(4097, 1, BufferedImage.TYPE_BYTE_GRAY);
        Path wide = Files.write(folder.resolve("wide"), written("gif", image));
        assertThatThrownBy(() -> ImageFile.read(wide, null)).hasMessageContaining("is 4097 x 1");
    }
}
