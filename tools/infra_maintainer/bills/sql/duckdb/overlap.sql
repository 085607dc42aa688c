-- Days that two files hold alike: same rows, same costs. One of the two is a copy.
SELECT charge_day, rows_n, billed, list_sort(list(file_name)) AS files
FROM (SELECT file_name, charge_day, sum(rows_n) AS rows_n, sum(billed_sum) AS billed, sum(fingerprint) AS fingerprint
      FROM focus
      GROUP BY file_name, charge_day) AS per_file
GROUP BY charge_day, rows_n, billed, fingerprint
HAVING count(*) > 1
ORDER BY charge_day
