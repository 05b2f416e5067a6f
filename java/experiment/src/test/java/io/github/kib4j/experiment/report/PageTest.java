package io.github.kib4j.experiment.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page as a browser shows it: headless Chromium, where that is installed. */
final class PageTest {
    @TempDir
    static Path folder;

    private static Path page;
    private static Browser browser;

    @BeforeAll
    static void open() throws IOException {
        Optional<Path> chromium = Browser.find();
        if (chromium.isEmpty()) {
            System.out.println("Chromium is not installed: pages of reports are not looked at.");
            return;
        }
        Path run = ReportTest.trained(folder, "phsic,layerwise,backprop");
        page = folder.resolve("report.html");
        Report.of(List.of(run), new Settings().set(Key.DEVICE, "reference"), label -> {})
                .write(page);
        browser = new Browser(chromium.get());
    }

    @AfterAll
    static void close() throws IOException {
        if (browser != null) {
            browser.close();
        }
    }

    /** Each test is skipped, and so counted: one that is skipped with its class is not. */
    @BeforeEach
    void show() {
        assumeTrue(browser != null, "Chromium is not installed");
        browser.setDark(false);
        browser.resize(1200, 900);
        browser.open(page);
    }

    private static String text(String expression) {
        return browser.evaluate(expression).asText();
    }

    private static int number(String expression) {
        return browser.evaluate(expression).asInt();
    }

    @Test
    void everythingIsDrawnAndNothingComplains() {
        assertThat(text("document.documentElement.dataset.ready")).isEqualTo("true");
        int closed = number("document.querySelectorAll('details .plot').length");
        int plots = number("document.querySelectorAll('.plot').length");
        assertThat(closed).isPositive();
        assertThat(number("+document.documentElement.dataset.plots")).isEqualTo(plots - closed);
        assertThat(number("document.querySelectorAll('.plot canvas').length")).isEqualTo(plots - closed);
        assertThat(number("+document.documentElement.dataset.pictures")).isEqualTo(9);
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true),"
                + " new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        assertThat(number("[...document.querySelectorAll('.plot canvas')].filter(c => c.width && c.height).length"))
                .as("those in what was closed too")
                .isEqualTo(plots);
        assertThat(browser.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
                        .asBoolean())
                .isTrue();
        assertThat(
                        number(
                                "document.querySelectorAll('img:not([alt]), canvas[data-gram]:not([aria-label]), table:not(:has(caption))').length"))
                .as("pictures without a text, tables without a caption")
                .isZero();
        assertThat(browser.errors()).isEmpty();
    }

    /** No line of the readout's loss is missing: there are points of each rule's colour. */
    @Test
    void linesHaveTheirRulesColours() {
        for (String rule : List.of("phsic", "layerwise", "backprop")) {
            assertThat(number(
                            "(() => { const hex = getComputedStyle(document.documentElement).getPropertyValue('--rule-"
                                    + rule + "').trim();"
                                    + "const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));"
                                    + "const c = document.querySelectorAll('.plot canvas')[3];"
                                    + "const o = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});"
                                    + "o.drawImage(c, 0, 0);"
                                    + "const p = o.getImageData(0, 0, c.width, c.height).data; let n = 0;"
                                    + "for (let i = 0; i < p.length; i += 4)"
                                    + " n += Math.abs(p[i] - r) + Math.abs(p[i + 1] - g) + Math.abs(p[i + 2] - b) + 255 - p[i + 3] < 40;"
                                    + " return n; })()"))
                    .as(rule)
                    .isGreaterThan(10);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {320, 360, 768, 1200, 2400})
    void noWidthScrollsSideways(int width) {
        browser.resize(width, 800);
        browser.open(page);
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true),"
                + " new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        assertThat(number("document.documentElement.scrollWidth")).isLessThanOrEqualTo(width);
        assertThat(browser.errors()).isEmpty();
    }

    private static double luminance(String of) {
        return browser.evaluate("(() => { const [r, g, b] = getComputedStyle(document.body)." + of
                        + ".match(/[0-9.]+/g).map(Number); return 0.2126 * r + 0.7152 * g + 0.0722 * b; })()")
                .asDouble();
    }

    /** The page follows the system, also while it is open: text, curves and similarities. */
    @Test
    void lightAndDark() {
        assertThat(luminance("backgroundColor")).isGreaterThan(240);
        assertThat(luminance("color")).isLessThan(60);
        String labels = "(() => { const c = document.querySelector('canvas[data-gram]');"
                + " const o = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});"
                + " o.drawImage(c, 0, 0); return o.getImageData(c.width - 1, 0, 1, 1).data[0]; })()";
        assertThat(number(labels)).as("of two classes, not similar").isGreaterThan(200);
        browser.setDark(true);
        browser.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        assertThat(luminance("backgroundColor")).isLessThan(40);
        assertThat(luminance("color")).isGreaterThan(200);
        assertThat(number(labels)).isLessThan(60);
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    void theKeyboardReachesEpochsAndPairsOfImages() {
        browser.press("Tab");
        assertThat(text("document.activeElement.textContent")).isEqualTo("Skip to the results");
        browser.evaluate("document.querySelector('.chart').focus()");
        browser.press("ArrowLeft");
        assertThat(text("document.querySelector('.plot output').textContent")).startsWith("epoch 1 ");
        browser.press("ArrowRight");
        assertThat(text("document.querySelector('.plot output').textContent")).startsWith("epoch 2 ");
        browser.evaluate("document.querySelector('canvas[data-gram]').focus()");
        browser.press("ArrowRight");
        assertThat(text("document.querySelector('.pointed').textContent"))
                .startsWith("labels: an image of ")
                .contains(ReportTest.NAMES.get(0));
        assertThat(browser.errors()).isEmpty();
    }

    @Test
    void aRunCanBeHidden() {
        String shown = "document.querySelectorAll('.plot output')[0].querySelectorAll('i').length";
        assertThat(number(shown)).isEqualTo(3);
        browser.evaluate("document.querySelector('input[data-run=\"1\"]').click()");
        assertThat(number(shown)).isEqualTo(2);
        assertThat(text("document.querySelector('.plot output').textContent")).startsWith("epoch 2 ");
        assertThat(browser.errors()).isEmpty();
    }
}
