using System.Text.Json;
using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Sources;

/// <summary>
/// Artificial Analysis: measurements of models, <c>{ data: [row] }</c>. Its prices are USD per 1M tokens, of nobody's offer; a zero in them
/// or in a speed means that it is not known.
/// </summary>
public sealed class ArtificialAnalysis(Uri? url = null, string? key = null) : ISource
{
    private const int MostPages = 100;
    private readonly Uri _url = url ?? new Uri("https://artificialanalysis.ai/api/v2/data/llms/models");

    /// <inheritdoc/>
    public string Name => SourceNames.ArtificialAnalysis;

    /// <inheritdoc/>
    public PriceUnit? Unit => PriceUnit.PerMillionTokens;

    /// <inheritdoc/>
    public async Task<SourceSnapshot> ReadAsync(SourceHttp http, CancellationToken cancellationToken)
    {
        if (key is null)
        {
            throw new SourceException("Artificial Analysis answers nobody without a key: set ARTIFICIAL_ANALYSIS_API_KEY, or take it out of the sources.");
        }

        var headers = new Dictionary<string, string> { ["x-api-key"] = key };
        var rows = new SnapshotBuilder(Name);
        for (var page = 1; ; page++)
        {
            var (items, hasMore) = await http.GetAsync(
                page == 1 ? _url : _url.With(("page", page)),
                headers,
                (body, token) => Paging.ReadAsync(body, "data.[]", "pagination.has_more", token),
                cancellationToken);
            foreach (var row in items)
            {
                rows.Add(row, raw => Read(row, raw));
            }

            if (hasMore.ValueKind != JsonValueKind.True)
            {
                return rows.Build();
            }

            if (page == MostPages)
            {
                throw new SourceException($"{Name} has no end: {MostPages} pages were read and another is named.");
            }
        }
    }

    private static Benchmark Read(JsonElement row, RawRow raw)
    {
        var scores = row.Object("evaluations") ?? default;
        var pricing = row.Object("pricing") ?? default;
        var input = pricing.Number("price_1m_input_tokens");
        var output = pricing.Number("price_1m_output_tokens");
        return new Benchmark(
            row.Required("id"),
            row.Required("slug"),
            row.Required("name"),
            (row.Object("model_creator") ?? default).Text("slug") is { } creator ? Labs.Canonical(creator) : null,
            scores.Number("artificial_analysis_intelligence_index"),
            scores.Number("artificial_analysis_coding_index"),
            scores.Number("artificial_analysis_math_index"),
            Measured("median_output_tokens_per_second"),
            Measured("median_time_to_first_token_seconds"),
            (input ?? 0) == 0 && (output ?? 0) == 0 ? Pricing.Unknown : new Pricing(PriceKind.Fixed, input, output).Normalize(),
            raw);

        decimal? Measured(string name) => row.Number(name) is { } value and not 0 ? value : null;
    }
}
