using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Catalog.Sources;

/// <summary>Hugging Face: the repositories of weights with the most downloads, a list whose next page a <c>Link</c> header names. It has no prices.</summary>
/// <param name="url">Where the first page is.</param>
/// <param name="token">Raises the number of requests that are answered.</param>
/// <param name="most">Rows to read.</param>
public sealed partial class HuggingFace(Uri? url = null, string? token = null, int most = 1_000) : ISource
{
    private const int MostPages = 100;
    private readonly Uri _url = url ?? new Uri("https://huggingface.co/api/models?limit=1000&sort=downloads&direction=-1");

    /// <inheritdoc/>
    public string Name => SourceNames.HuggingFace;

    /// <inheritdoc/>
    public PriceUnit? Unit => null;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        var headers = token is null ? null : new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" };
        var rows = new SnapshotBuilder(Name);
        var page = _url;
        var read = 0;
        for (var pages = 0; page is not null && read < most; pages++)
        {
            var (items, next) = await http.GetAsync(page, headers, ReadPageAsync, cancellationToken);
            foreach (var row in items.Take(most - read))
            {
                rows.Add(row, raw => new Popularity(
                    row.Required("id"), (long)(row.Number("downloads") ?? 0), (long)(row.Number("likes") ?? 0), raw));
                read++;
            }

            page = Paging.Next(Name, _url, page, next, pages, MostPages);
        }

        return rows.Build();
    }

    private static async Task<(List<JsonElement> Rows, string? Next)> ReadPageAsync(SourceBody body, CancellationToken cancellationToken)
    {
        List<JsonElement> rows = [];
        await foreach (var (_, row) in JsonRows.ReadAsync(body.Stream, ["[]"], cancellationToken))
        {
            rows.Add(row);
        }

        var next = body.Headers.TryGetValues("Link", out var links)
            ? links.Select(link => NextLink().Match(link)).FirstOrDefault(match => match.Success)?.Groups["url"].Value
            : null;
        return (rows, next);
    }

    // RFC 8288.
    [GeneratedRegex("<(?<url>[^>]*)>\\s*;\\s*rel=\"?next\"?", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NextLink();
}
