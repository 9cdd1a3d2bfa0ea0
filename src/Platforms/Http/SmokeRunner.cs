using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Http;

/// <summary>Runs declarative HTTP checks one after the other. A redirect is an answer like any other and is not followed.</summary>
public sealed class SmokeRunner(TimeProvider time) : ISmokeRunner
{
    private const int ShownBody = 200;

    /// <inheritdoc/>
    public async Task<SmokeReport> RunAsync(ProbeEndpoint endpoint, SmokeSuite suite, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var bound = new CancellationTokenSource(suite.Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        using var client = ProbeClient.Create(endpoint, connections: 1);
        var failures = new List<string>();
        foreach (var check in suite.Checks)
        {
            var faults = bound.IsCancellationRequested
                ? [OutOfTime(suite)]
                : await RunAsync(client, endpoint, suite, check, either.Token, cancellationToken);
            if (faults.Count > 0)
            {
                failures.Add($"{check.Name}: {string.Join("; ", faults)}");
            }
        }

        return new SmokeReport(suite.Checks.Count - failures.Count, failures, time.GetElapsedTime(started));
    }

    private async Task<IReadOnlyList<string>> RunAsync(
        HttpClient client, ProbeEndpoint endpoint, SmokeSuite suite, SmokeCheck check, CancellationToken either, CancellationToken outer)
    {
        try
        {
            using var request = Request(endpoint, check);
            var started = time.GetTimestamp();
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either);
            var elapsed = time.GetElapsedTime(started);
            return [.. Faults(check, response, await BodyAsync(response, either), elapsed)];
        }
        catch (OperationCanceledException) when (!outer.IsCancellationRequested)
        {
            return [OutOfTime(suite)];
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return [$"expected an answer, got none: {(exception.InnerException ?? exception).Message}"];
        }
        catch (Exception exception) when (exception is PlatformException or FormatException)
        {
            return [$"expected a check that can be sent, got {exception.Message}"];
        }
    }

    private static string OutOfTime(SmokeSuite suite) => $"expected an answer within the suite's {Durations.Format(suite.Within)}, got none";

    private static HttpRequestMessage Request(ProbeEndpoint endpoint, SmokeCheck check)
    {
        var request = ProbeClient.Request(endpoint, HttpMethod.Parse(check.Method), check.Path);
        if (check.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(check.Body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        foreach (var (name, value) in check.Headers)
        {
            if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) && request.Content is { } content)
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    /// <summary>The body as text; the character set is taken as UTF-8, which JSON is.</summary>
    private static async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken));

    private static IEnumerable<string> Faults(SmokeCheck check, HttpResponseMessage response, string body, TimeSpan elapsed)
    {
        var status = (int)response.StatusCode;
        if (status != check.Status)
        {
            var to = response.Headers.Location is { } location ? $" to {location}" : "";
            yield return $"expected status {check.Status}, got {status}{to} with body '{Shown(body)}'";
        }

        if (check.MaxLatency is { } limit && elapsed > limit)
        {
            yield return $"expected the answer within {Durations.Format(limit)}, got it after {Durations.Format(elapsed)}";
        }

        foreach (var (name, expected) in check.ExpectHeaders)
        {
            var actual = response.Headers.NonValidated.TryGetValues(name, out var values)
                || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? string.Join(", ", values) : null;
            if (actual is null || (expected != "*" && actual != expected && !actual.StartsWith(expected + ";", StringComparison.Ordinal)))
            {
                yield return $"expected header {name} = {Wanted(expected)}, got {(actual is null ? "none" : $"'{Shown(actual)}'")}";
            }
        }

        if (check.BodyContains is { } part && !body.Contains(part, StringComparison.Ordinal))
        {
            yield return $"expected a body with '{Shown(part)}', got '{Shown(body)}'";
        }

        foreach (var fault in JsonFaults(check, body))
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> JsonFaults(SmokeCheck check, string body)
    {
        if (check.Json.Count == 0)
        {
            return [];
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return [$"expected JSON, got '{Shown(body)}'"];
        }

        using (document)
        {
            var faults = new List<string>();
            foreach (var (path, expected) in check.Json)
            {
                if (!JsonPath.TryFind(document.RootElement, path, out var actual))
                {
                    faults.Add($"expected {path} = {Wanted(expected)}, got nothing there");
                }
                else if (!Holds(expected, actual))
                {
                    faults.Add($"expected {path} = {Wanted(expected)}, got '{Shown(Text(actual))}'");
                }
            }

            return faults;
        }
    }

    private static bool Holds(string expected, JsonElement actual) =>
        expected == "*" ? actual.ValueKind != JsonValueKind.Null
        : Text(actual) == expected
            || (actual.ValueKind == JsonValueKind.Number && actual.TryGetDecimal(out var number)
                && decimal.TryParse(expected, System.Globalization.NumberStyles.Float, null, out var wanted) && number == wanted);

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static string Wanted(string expected) => expected == "*" ? "any value" : $"'{expected}'";

    /// <summary>One line, cut: an error page must not fill the status of a rollout.</summary>
    private static string Shown(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        var length = char.IsHighSurrogate(line.ElementAtOrDefault(ShownBody - 1)) ? ShownBody - 1 : ShownBody;
        return line.Length <= ShownBody ? line : line[..length] + "…";
    }
}
