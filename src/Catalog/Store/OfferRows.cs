using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Sluice.Catalog.Syncs;

namespace Sluice.Catalog.Store;

/// <summary>Offers as rows: the SQL that both databases understand, and the way there and back.</summary>
/// <param name="schema">Prefix of every table, empty or ending in a dot.</param>
internal sealed class OfferRows(string schema)
{
    // Several good runs in a row no longer had what is not shown.
    private static readonly string Shown = string.Create(CultureInfo.InvariantCulture, $"o.missed_runs < {SyncThresholds.MissesUntilHidden}");

    private readonly string _select = $"""
        SELECT o.provider_id, o.provider_model_id, o.source, o.context, o.max_output, o.modalities_in, o.modalities_out, o.status,
               o.variant, o.version, o.alias_of, o.expires_on, m.model_key, m.lab, m.name, m.family, m.open_weights, m.release_date,
               {PriceColumns.List("o.")}
        FROM {schema}offer o JOIN {schema}model m ON m.model_key = o.model_key
        """;

    private readonly string _upsertModel = $"""
        INSERT INTO {schema}model (model_key, lab, name, family, open_weights, release_date)
        VALUES (@key, @lab, @name, @family, @open, @released)
        ON CONFLICT (model_key) DO UPDATE SET lab = excluded.lab, name = excluded.name, family = excluded.family,
            open_weights = excluded.open_weights, release_date = excluded.release_date
        """;

    private readonly string _upsertOffer = $"""
        INSERT INTO {schema}offer (provider_id, provider_model_id, source, model_key, variant, version, alias_of, expires_on, context, max_output,
            modalities_in, modalities_out, status, {PriceColumns.List()})
        VALUES (@provider, @id, @source, @key, @variant, @version, @aliasOf, @expiresOn, @context, @maxOutput, @in, @out, @status,
            {PriceColumns.List("@")})
        ON CONFLICT (provider_id, provider_model_id) DO UPDATE SET source = excluded.source, model_key = excluded.model_key,
            variant = excluded.variant, version = excluded.version, alias_of = excluded.alias_of, expires_on = excluded.expires_on,
            context = excluded.context, max_output = excluded.max_output, modalities_in = excluded.modalities_in,
            modalities_out = excluded.modalities_out, status = excluded.status, {PriceColumns.Set("excluded.")}
        """;

    private readonly string _tiers = $"""
        SELECT provider_id, provider_model_id, kind, min_tokens, utc_from, utc_to, {PriceColumns.List()} FROM {schema}offer_tier
        WHERE (provider_id, provider_model_id) >= (@firstProvider, @firstId) AND (provider_id, provider_model_id) <= (@lastProvider, @lastId)
        ORDER BY provider_id, provider_model_id, ordinal
        """;

    private readonly string _insertTier = $"""
        INSERT INTO {schema}offer_tier (provider_id, provider_model_id, ordinal, kind, min_tokens, utc_from, utc_to, {PriceColumns.List()})
        VALUES (@provider, @id, @ordinal, @kind, @minTokens, @from, @to, {PriceColumns.List("@")})
        """;

    public async Task<bool> AnyAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Command($"SELECT 1 FROM {schema}offer LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    public async Task<long> CountAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.Command($"SELECT count(*) FROM {schema}offer o WHERE {Shown}");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    public async Task<Offer?> FindAsync(DbConnection connection, OfferId id, CancellationToken cancellationToken) =>
        (await ReadAsync(
            connection,
            $"WHERE o.provider_id = @provider AND o.provider_model_id = @id AND {Shown}",
            [("@provider", id.Provider), ("@id", id.ModelId)],
            cancellationToken)).SingleOrDefault();

    public async Task<OfferPage> ListAsync(
        DbConnection connection, OfferFilter filter, OfferId? after, int limit, CancellationToken cancellationToken)
    {
        // One row more than asked for tells whether a page follows.
        var parameters = new List<(string, object?)> { ("@limit", limit + 1L) };
        var conditions = new List<string> { Shown };
        filter.Narrow(conditions, parameters);
        if (after is { } last)
        {
            conditions.Add("(o.provider_id, o.provider_model_id) > (@afterProvider, @afterId)");
            parameters.Add(("@afterProvider", last.Provider));
            parameters.Add(("@afterId", last.ModelId));
        }

        var offers = await ReadAsync(
            connection,
            $"WHERE {string.Join(" AND ", conditions)} ORDER BY o.provider_id, o.provider_model_id LIMIT @limit",
            parameters,
            cancellationToken);
        return offers.Count > limit ? new OfferPage(offers[..limit], HasMore: true) : new OfferPage(offers, HasMore: false);
    }

    /// <summary>Within the caller's transaction.</summary>
    public async Task UpsertAsync(DbConnection connection, IReadOnlyList<Offer> offers, CancellationToken cancellationToken)
    {
        foreach (var model in offers.Select(offer => offer.Model).DistinctBy(model => model.Key))
        {
            await using var command = connection.Command(
                _upsertModel,
                ("@key", model.Key),
                ("@lab", model.Lab),
                ("@name", model.Name),
                ("@family", model.Family),
                ("@open", model.OpenWeights),
                ("@released", model.ReleaseDate));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var offer in offers)
        {
            var pricing = offer.Pricing.Normalize();
            await using var command = connection.Command(
                _upsertOffer,
            [
                ("@provider", offer.Id.Provider),
                ("@id", offer.Id.ModelId),
                ("@source", offer.Source),
                ("@key", offer.Model.Key),
                ("@variant", offer.Variant),
                ("@version", offer.Version),
                ("@aliasOf", offer.AliasOf),
                ("@expiresOn", offer.ExpiresOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
                ("@context", offer.Context),
                ("@maxOutput", offer.MaxOutput),
                ("@in", JsonSerializer.Serialize(offer.Modalities.Input, CatalogJson.Default.IReadOnlyListString)),
                ("@out", JsonSerializer.Serialize(offer.Modalities.Output, CatalogJson.Default.IReadOnlyListString)),
                ("@status", Name(offer.Status)),
                .. PriceColumns.Parameters(pricing),
            ]);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await ReplaceTiersAsync(connection, offer, cancellationToken);
        }
    }

    private async Task ReplaceTiersAsync(DbConnection connection, Offer offer, CancellationToken cancellationToken)
    {
        await using (var delete = connection.Command(
            $"DELETE FROM {schema}offer_tier WHERE provider_id = @provider AND provider_model_id = @id",
            ("@provider", offer.Id.Provider),
            ("@id", offer.Id.ModelId)))
        {
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var (ordinal, tier) in offer.Tiers.Index())
        {
            await using var insert = connection.Command(
                _insertTier,
            [
                ("@provider", offer.Id.Provider),
                ("@id", offer.Id.ModelId),
                ("@ordinal", (long)ordinal),
                ("@kind", Name(tier.Kind)),
                ("@minTokens", tier.MinTokens),
                ("@from", (long?)tier.UtcFrom),
                ("@to", (long?)tier.UtcTo),
                .. PriceColumns.Parameters(tier.Pricing.Normalize()),
            ]);
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    // In the order of the ids, or a single one.
    private async Task<List<Offer>> ReadAsync(
        DbConnection connection, string where, List<(string Name, object? Value)> parameters, CancellationToken cancellationToken)
    {
        var offers = new List<Offer>();
        await using (var command = connection.Command($"{_select} {where}", [.. parameters]))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                offers.Add(Read(row));
            }
        }

        if (offers.Count == 0)
        {
            return offers;
        }

        var (first, last) = (offers[0].Id, offers[^1].Id);
        var tiers = new Dictionary<OfferId, List<PriceTier>>();
        await using (var command = connection.Command(
            _tiers,
            ("@firstProvider", first.Provider),
            ("@firstId", first.ModelId),
            ("@lastProvider", last.Provider),
            ("@lastId", last.ModelId)))
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var id = new OfferId(row.GetString(0), row.GetString(1));
                if (!tiers.TryGetValue(id, out var own))
                {
                    tiers[id] = own = [];
                }

                own.Add(new PriceTier(
                    Value<TierKind>(row, 2), Number(row, 3), (int?)Number(row, 4), (int?)Number(row, 5), PriceColumns.Read(row, 6)));
            }
        }

        return tiers.Count == 0 ? offers : [.. offers.Select(offer => tiers.TryGetValue(offer.Id, out var own) ? offer with { Tiers = own } : offer)];
    }

    private static Offer Read(DbDataReader row) => new(
        new OfferId(row.GetString(0), row.GetString(1)),
        row.GetString(2),
        new Model(
            row.GetString(12),
            row.GetString(13),
            row.GetString(14),
            row.Text(15),
            row.IsDBNull(16) ? null : row.GetBoolean(16),
            row.Text(17)),
        new Modalities(List(row, 5), List(row, 6)),
        Number(row, 3),
        Number(row, 4),
        PriceColumns.Read(row, 18),
        Value<OfferStatus>(row, 7))
    {
        Variant = row.Text(8),
        Version = row.Text(9),
        AliasOf = row.Text(10),
        ExpiresOn = row.Text(11) is { } day ? DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture) : null,
    };

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static IReadOnlyList<string> List(DbDataReader row, int column) =>
        JsonSerializer.Deserialize(row.GetString(column), CatalogJson.Default.IReadOnlyListString)!;

    private static T Value<T>(DbDataReader row, int column)
        where T : struct, Enum => Enum.Parse<T>(row.GetString(column), ignoreCase: true);

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
