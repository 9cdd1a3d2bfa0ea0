using System.Data.Common;
using Sluice.Catalog.Identity;
using Sluice.Catalog.Sources;

namespace Sluice.Catalog.Store;

/// <summary>
/// What is known of a model, and from which offer. Sources disagree: the lab's own shop counts most, then OpenRouter, then the others;
/// whether the weights are open is taken from whoever says it.
/// </summary>
internal sealed record ModelFacts(string Key, string Lab, string Name, string? Family, bool? OpenWeights, string? ReleaseDate, long Rank, string? From)
{
    private const int UnknownLab = 10;

    /// <summary>What is stored of every model, by its key.</summary>
    public static async Task<IReadOnlyDictionary<string, ModelFacts>> LoadAsync(DbConnection connection, SyncSql sql, CancellationToken cancellationToken)
    {
        var models = new Dictionary<string, ModelFacts>(StringComparer.Ordinal);
        await connection.ReadAsync(
            sql.Models,
            row => models[row.GetString(0)] = new ModelFacts(
                row.GetString(0),
                row.GetString(1),
                row.GetString(2),
                row.Text(3),
                row.IsDBNull(4) ? null : row.GetBoolean(4),
                row.Text(5),
                row.GetInt64(6),
                row.Text(7)),
            cancellationToken);
        return models;
    }

    /// <summary>The facts of each model after these rows, where they differ from what is stored. Pure.</summary>
    public static IReadOnlyList<ModelFacts> Merge(
        IReadOnlyDictionary<string, ModelFacts> stored, string source, IEnumerable<(string Key, string? Variant, Listing Row)> rows)
    {
        var merged = new Dictionary<string, ModelFacts>(StringComparer.Ordinal);
        foreach (var candidate in rows
            .Select(row => Of(source, row.Key, row.Variant, row.Row))
            .OrderBy(facts => facts.Rank)
            .ThenBy(facts => facts.From, StringComparer.Ordinal))
        {
            var known = merged.GetValueOrDefault(candidate.Key) ?? stored.GetValueOrDefault(candidate.Key);
            merged[candidate.Key] = known is null || candidate.Rank < known.Rank || candidate.From == known.From
                ? candidate with { OpenWeights = candidate.OpenWeights ?? known?.OpenWeights }
                : known with { OpenWeights = known.OpenWeights ?? candidate.OpenWeights };
        }

        return [.. merged.Values.Where(facts => facts != stored.GetValueOrDefault(facts.Key))];
    }

    private static ModelFacts Of(string source, string key, string? variant, Listing row)
    {
        var rank = row.IsFirstParty ? 0 : source == SourceNames.OpenRouter ? variant is null && row.AliasOf is null ? 1 : 2 : 3;
        return new ModelFacts(
            key,
            row.Lab ?? Labs.Unknown,
            row.Name,
            row.Family,
            row.OpenWeights,
            row.ReleaseDate,
            rank + (row.Lab is null ? UnknownLab : 0),
            row.Id.ToString());
    }
}
