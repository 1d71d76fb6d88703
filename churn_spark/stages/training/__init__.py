"""What training needs beside the models: its snapshots, the decisions on champions, the records it leaves."""
