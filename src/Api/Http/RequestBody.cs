using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;

namespace Sluice.Api.Http;

/// <summary>Reads request bodies within the limit, whatever the host allows.</summary>
internal static partial class RequestBody
{
    /// <exception cref="ProblemException">413.</exception>
    public static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > Bundle.MaxBytes)
        {
            throw new ProblemException(Problem.TooLarge());
        }

        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > Bundle.MaxBytes)
            {
                throw new ProblemException(Problem.TooLarge());
            }
        }

        return buffer.ToArray();
    }

    public static PlanFault Fault(JsonException e)
    {
        var (code, message) = Explain(e.Message);
        return new PlanFault(code, e.Path ?? "", (int)(e.LineNumber ?? -1) + 1, (int)(e.BytePositionInLine ?? -1) + 1, message);
    }

    // The serialiser speaks of its own types, and repeats path and position, which have members of their own here.
    private static (string Code, string Message) Explain(string message)
    {
        if (Missing().Match(message) is { Success: true } missing)
        {
            return ("missing-key", $"Missing: {missing.Groups["names"].Value}.");
        }

        if (Unknown().Match(message) is { Success: true } unknown)
        {
            return ("unknown-key", $"There is no '{unknown.Groups["name"].Value}' here.");
        }

        if (message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            return ("wrong-type", "The value is of another kind than expected.");
        }

        var cut = message.IndexOf(" Path: ", StringComparison.Ordinal);
        cut = cut < 0 ? message.IndexOf(" LineNumber: ", StringComparison.Ordinal) : cut;
        return ("bad-json", cut < 0 ? message : message[..cut]);
    }

    [GeneratedRegex(@"missing required properties including: (?<names>.+?)\.", RegexOptions.NonBacktracking)]
    private static partial Regex Missing();

    [GeneratedRegex("^The JSON property '(?<name>[^']*)' could not be mapped", RegexOptions.NonBacktracking)]
    private static partial Regex Unknown();
}
