using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Sluice.Orchestration.Ports;

namespace Sluice.Registry.Storage;

/// <summary>Where a page ended: the next begins after this key, so rows that come or go meanwhile move nothing. Opaque outside.</summary>
/// <param name="List">Which list gave it out.</param>
/// <param name="At">The list's time, Unix milliseconds.</param>
/// <param name="Id">Tells rows of the same millisecond apart.</param>
internal sealed record Cursor(string List, long At, string Id)
{
    private const int MaxLimit = 1000;

    /// <summary>How many rows a page has: 1 to 1,000.</summary>
    public static int Clamp(int limit) => Math.Clamp(limit, 1, MaxLimit);

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{List}|{At}|{Id}")));

    /// <summary>Reads a cursor; null for null.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidCursor"/> when this list has not made it.</exception>
    public static Cursor? Read(string list, string? text)
    {
        if (text is null)
        {
            return null;
        }

        var parts = Base64Url.IsValid(text) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|', 3) : [];
        return parts.Length == 3 && parts[0] == list && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at)
            ? new Cursor(list, at, parts[2])
            : throw new RegistryException(
                RegistryError.InvalidCursor, "The cursor was not given out by this list: begin again without one.");
    }

    /// <summary>The position as a number, for lists numbered by the database.</summary>
    public long Number => long.TryParse(Id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new RegistryException(RegistryError.InvalidCursor, "The cursor was not given out by this list: begin again without one.");

    /// <summary>Makes a page of one row more than asked for: that row tells whether there is a next page.</summary>
    public static Page<TItem> Page<TRow, TItem>(IReadOnlyList<TRow> rows, int limit, Func<TRow, TItem> item, Func<TRow, Cursor> cursor) =>
        new([.. rows.Take(limit).Select(item)], rows.Count > limit ? cursor(rows[limit - 1]).ToString() : null);
}
