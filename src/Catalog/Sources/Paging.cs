using System.Text.Json;

namespace Sluice.Catalog.Sources;

/// <summary>What lists that come in pages share.</summary>
internal static class Paging
{
    /// <summary>Reads a page: its rows, and the value beside them that leads to the next.</summary>
    /// <param name="body">While it arrives.</param>
    /// <param name="rows">The way to the rows.</param>
    /// <param name="beside">The way to the value; one that is no text, number, true or false counts as none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<(List<JsonElement> Rows, JsonElement Beside)> ReadAsync(
        SourceBody body, string rows, string beside, CancellationToken cancellationToken)
    {
        List<JsonElement> read = [];
        JsonElement value = default;
        await foreach (var (path, found) in JsonRows.ReadAsync(body.Stream, [rows, beside], cancellationToken))
        {
            if (path[^1] == "[]")
            {
                read.Add(found);
            }
            else
            {
                value = found;
            }
        }

        return (read, value);
    }

    /// <summary>The page that a page points to; null after the last.</summary>
    /// <exception cref="SourceException">It is on another host, or there is no end.</exception>
    public static Uri? Next(string source, Uri first, Uri current, string? next, int pagesBefore, int most)
    {
        if (string.IsNullOrEmpty(next))
        {
            return null;
        }

        if (!Uri.TryCreate(current, next, out var url) || url.Scheme != first.Scheme || url.Authority != first.Authority)
        {
            throw new SourceException($"{source} names a next page on another host ({url?.Host ?? "no address"}), which is not followed.");
        }

        return pagesBefore + 1 < most ? url : throw new SourceException($"{source} has no end: {most} pages were read and another is named.");
    }

    /// <summary>The address with these parameters in its query, in place of those of the same name.</summary>
    public static Uri With(this Uri url, params (string Name, object Value)[] parameters)
    {
        var kept = url.Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => parameters.All(parameter => pair.Split('=')[0] != parameter.Name));
        var query = string.Join('&', kept.Concat(parameters.Select(parameter => FormattableString.Invariant($"{parameter.Name}={parameter.Value}"))));
        return new UriBuilder(url) { Query = query }.Uri;
    }
}
