using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Plans;

namespace Sluice.Api.Http;

/// <summary>Reads request bodies within the limit, whatever the host allows.</summary>
internal static class RequestBody
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
        // The serialiser repeats path and position inside its message; they have members of their own here.
        var message = e.Message;
        var cut = message.IndexOf(" Path: ", StringComparison.Ordinal);
        cut = cut < 0 ? message.IndexOf(" LineNumber: ", StringComparison.Ordinal) : cut;
        return new PlanFault(
            "bad-json", e.Path ?? "", (int)(e.LineNumber ?? -1) + 1, (int)(e.BytePositionInLine ?? -1) + 1, cut < 0 ? message : message[..cut]);
    }
}
